using System.Text.Json;
using System.Text.Unicode;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Contract;

public static partial class TradeJson
{
    /// <summary>
    /// Reads what <see cref="Write"/> wrote, and the same fields in any order with unknown ones between them. Throws for no
    /// bytes whatever. Allocates nothing but the first sight of a symbol and, for malformed JSON, an internal exception.
    /// </summary>
    /// <returns><see cref="ErrorReason.None"/>, or why there is no trade.</returns>
    public static ErrorReason TryRead(ReadOnlySpan<byte> utf8, SymbolTable symbols, out Trade trade)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        return TryReadAsWritten(utf8, symbols, out trade) ? ErrorReason.None : ReadAnyOrder(utf8, symbols, out trade);
    }

    private static bool TryReadAsWritten(ReadOnlySpan<byte> utf8, SymbolTable symbols, out Trade trade)
    {
        trade = default;
        var scanner = new WireScanner(utf8);
        if (!scanner.Skip("{\"version\":1,\"exchange\":\"BINANCE\",\"symbol\":\""u8)
            || !scanner.TryReadPlainString(out var ticker)
            || !scanner.Skip(",\"trade_id\":"u8)
            || !scanner.TryReadInteger(out var id)
            || !scanner.Skip(",\"price\":\""u8)
            || !scanner.TryReadFixedPoint(out var price)
            || !scanner.Skip("\",\"quantity\":\""u8)
            || !scanner.TryReadFixedPoint(out var quantity)
            || !scanner.Skip("\",\"event_time\":"u8)
            || !scanner.TryReadInteger(out var eventTime)
            || !scanner.Skip(",\"trade_time\":"u8)
            || !scanner.TryReadInteger(out var tradeTime)
            || !scanner.Skip(",\"received_time\":"u8)
            || !scanner.TryReadInteger(out var receivedTime)
            || !scanner.Skip(",\"aggressor_side\":\""u8))
        {
            return false;
        }

        AggressorSide side;
        if (scanner.Skip("SELL\",\"source\":\""u8)) side = AggressorSide.Sell;
        else if (scanner.Skip("BUY\",\"source\":\""u8)) side = AggressorSide.Buy;
        else return false;

        IngestSource source;
        if (scanner.Skip("STREAM\"}"u8)) source = IngestSource.Stream;
        else if (scanner.Skip("BACKFILL\"}"u8)) source = IngestSource.Backfill;
        else if (scanner.Skip("REPLAY\"}"u8)) source = IngestSource.Replay;
        else if (scanner.Skip("CORRECTION\"}"u8)) source = IngestSource.Correction;
        else return false;

        if (!scanner.IsAtEnd || !symbols.TryIntern(ticker, out var symbol)) return false;
        trade = new Trade(
            symbol,
            id,
            new Price(price),
            new Quantity(quantity),
            new Timestamp(eventTime),
            new Timestamp(tradeTime),
            new Timestamp(receivedTime),
            side,
            source);
        return true;
    }

    private static ErrorReason ReadAnyOrder(ReadOnlySpan<byte> utf8, SymbolTable symbols, out Trade trade)
    {
        trade = default;
        if (!Utf8.IsValid(utf8)) return ErrorReason.MalformedJson;
        var fields = new TradeJsonFields();
        try
        {
            var reader = new Utf8JsonReader(utf8);
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            if (isObject) fields.Read(ref reader);
            else reader.Skip();

            // Anything but blanks after the value is malformed, and the reader says so here.
            reader.Read();
            if (!isObject) return ErrorReason.WrongType;
        }
        catch (JsonException)
        {
            return ErrorReason.MalformedJson;
        }

        return fields.ToTrade(symbols, out trade);
    }
}
