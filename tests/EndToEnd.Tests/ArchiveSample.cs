using System.Globalization;
using System.Text;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.EndToEnd.Tests;

/// <summary>Files in the layout of the exchange's archive and of recorded frames, filled from a simulated market.</summary>
internal sealed class ArchiveSample
{
    private readonly SimulatedSymbol _symbol;

    /// <param name="milliRate">Trades per 1,000 seconds.</param>
    public ArchiveSample(string ticker = "BTCUSDT", long seed = 7, long milliRate = 100_000)
    {
        Ticker = ticker;
        var market = new SimulatedMarket(
            MarketDescription.New(seed).Continue([ticker], Timestamp.Parse("2026-02-03T00:00:00Z"), milliRate));
        _symbol = market.Symbol(ticker);
    }

    public string Ticker { get; }

    public long FirstId => _symbol.FirstId;

    /// <summary>Sum of price × quantity over trades [from, to), scaled by 1e8, added in decimals of arbitrary size.</summary>
    public string ExactAmount(int from, int to)
    {
        var sum = Int128.Zero;
        for (var k = from; k < to; k++)
        {
            _symbol.Read(k, out var trade);
            Assert.IsTrue(Amount.TryMultiply(trade.Price, trade.Quantity, out var amount));
            sum += amount.Scaled;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{sum / 100_000_000}.{(long)(sum % 100_000_000):00000000}");
    }

    public string WriteCsv(string path, int from, int to)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(false));
        for (var k = from; k < to; k++) writer.Write(CsvLine(k) + "\n");
        return path;
    }

    public Trade Trade(int k)
    {
        _symbol.Read(k, out var trade);
        return new Trade(
            new SymbolTable().Intern(Ticker), trade.TradeId, trade.Price, trade.Quantity, trade.EventTime, trade.TradeTime, trade.TradeTime,
            trade.BuyerIsMaker ? AggressorSide.Sell : AggressorSide.Buy, IngestSource.Stream);
    }

    public string CsvLine(int k)
    {
        _symbol.Read(k, out var trade);
        Amount.TryMultiply(trade.Price, trade.Quantity, out var amount);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{trade.TradeId},{trade.Price},{trade.Quantity},{amount},{trade.TradeTime.Microseconds},{trade.BuyerIsMaker},True");
    }

    public string Frame(int k)
    {
        _symbol.Read(k, out var trade);
        var (sent, made) = (trade.EventTime.Microseconds / 1000, trade.TradeTime.Microseconds / 1000);
        var (stream, maker) = ($"{Ticker.ToLowerInvariant()}@trade", trade.BuyerIsMaker ? "true" : "false");
        var ids = string.Create(CultureInfo.InvariantCulture, $$"""{"e":"trade","E":{{sent}},"s":"{{Ticker}}","t":{{trade.TradeId}}""");
        var data = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{{ids}},"p":"{{trade.Price}}","q":"{{trade.Quantity}}","T":{{made}},"m":{{maker}},"M":true}""");
        return $$"""{"stream":"{{stream}}","data":{{data}}""" + "}";
    }
}
