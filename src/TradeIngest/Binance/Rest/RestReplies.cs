using System.Text;
using System.Text.Json;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Binance.Rest;

/// <summary>Reads the bodies of REST replies. Throws <see cref="JsonException"/> for what is not such a body.</summary>
internal static class RestReplies
{
    /// <summary><code>{"serverTime":1790446152679000}</code></summary>
    public static Timestamp Time(JsonElement root) => Timestamp.FromUnixGuessingUnit(Required(root, "serverTime"u8).GetInt64());

    /// <summary>
    /// <code>
    /// {"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","isSpotTradingAllowed":true,
    ///   "filters":[{"filterType":"PRICE_FILTER","tickSize":"0.01000000"},{"filterType":"LOT_SIZE","stepSize":"0.00001000"}]}]}
    /// </code>
    /// Each symbol once: one listed again in the same words is passed over, and one that cannot be read costs no other.
    /// </summary>
    public static ExchangeListing Symbols(JsonElement root)
    {
        var listed = Required(root, "symbols"u8);
        var symbols = new OrderedDictionary<string, ExchangeSymbol>(listed.GetArrayLength(), StringComparer.Ordinal);
        var unreadable = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var element in listed.EnumerateArray())
        {
            var ticker = Text(element, "symbol"u8);
            try
            {
                var symbol = SymbolOf(ticker, element);
                if (symbols.TryAdd(ticker, symbol) || symbols[ticker] == symbol) continue;
                unreadable[ticker] = "it is listed twice and described differently";
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException)
            {
                unreadable[ticker] = fault.Message;
            }
        }

        foreach (var ticker in unreadable.Keys) symbols.Remove(ticker);
        return new ExchangeListing([.. symbols.Values], unreadable);
    }

    private static ExchangeSymbol SymbolOf(string ticker, JsonElement symbol)
    {
        var tick = Filter(symbol, "PRICE_FILTER", "tickSize"u8);
        var step = Filter(symbol, "LOT_SIZE", "stepSize"u8);
        return new ExchangeSymbol(
            ticker.Length > 0 && Encoding.UTF8.GetByteCount(ticker) <= SymbolTable.MaxTickerLength
                ? ticker
                : throw new JsonException($"'{ticker}' is no symbol: it has not 1 to {SymbolTable.MaxTickerLength} bytes."),
            Text(symbol, "status"u8),
            Text(symbol, "baseAsset"u8),
            Text(symbol, "quoteAsset"u8),
            tick is { } price ? new Price(price) : null,
            step is { } quantity ? new Quantity(quantity) : null,
            !symbol.TryGetProperty("isSpotTradingAllowed"u8, out var allowed) || allowed.ValueKind == JsonValueKind.True);
    }

    /// <summary>
    /// <code>
    /// [{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.0","time":1499865549590,"isBuyerMaker":true,
    ///   "isBestMatch":true}]
    /// </code>
    /// </summary>
    /// <param name="received">Becomes every trade's received time; the event time is the trade time, since the reply has no other.</param>
    public static TradeBatch Trades(JsonElement root, Symbol symbol, Timestamp received)
    {
        var listed = root.EnumerateArray();
        var batch = TradeBatch.Rent(Math.Max(1, root.GetArrayLength()));
        try
        {
            foreach (var trade in listed)
            {
                var time = Timestamp.FromUnixGuessingUnit(Required(trade, "time"u8).GetInt64());
                batch.Add(new Trade(
                    symbol,
                    Required(trade, "id"u8).GetInt64(),
                    new Price(Number(trade, "price"u8)),
                    new Quantity(Number(trade, "qty"u8)),
                    time,
                    time,
                    received,
                    Required(trade, "isBuyerMaker"u8).GetBoolean() ? AggressorSide.Sell : AggressorSide.Buy,
                    IngestSource.Backfill));
            }

            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>
    /// <code>
    /// [{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,"m":true,"M":true}]
    /// </code>
    /// </summary>
    /// <returns>The ids of the trades in the first aggregate; null when there is none.</returns>
    public static IdRange? AggregateIds(JsonElement root) => root.GetArrayLength() == 0
        ? null
        : new IdRange(Required(root[0], "f"u8).GetInt64(), Required(root[0], "l"u8).GetInt64());

    private static long? Filter(JsonElement symbol, string type, ReadOnlySpan<byte> field)
    {
        if (!symbol.TryGetProperty("filters"u8, out var filters)) return null;
        foreach (var filter in filters.EnumerateArray())
        {
            if (filter.TryGetProperty("filterType"u8, out var name) && name.ValueEquals(type) && filter.TryGetProperty(field, out _))
            {
                return Number(filter, field);
            }
        }

        return null;
    }

    private static long Number(JsonElement parent, ReadOnlySpan<byte> name)
    {
        var text = Text(parent, name);
        return FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), out var scaled)
            ? scaled
            : throw new JsonException($"'{text}' is not a number that eight decimals hold.");
    }

    private static string Text(JsonElement parent, ReadOnlySpan<byte> name) =>
        Required(parent, name).GetString() ?? throw new JsonException($"'{Encoding.UTF8.GetString(name)}' is null.");

    private static JsonElement Required(JsonElement parent, ReadOnlySpan<byte> name) => parent.TryGetProperty(name, out var value)
        ? value
        : throw new JsonException($"'{Encoding.UTF8.GetString(name)}' is missing.");
}
