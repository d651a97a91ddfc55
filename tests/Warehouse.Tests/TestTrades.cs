using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.Warehouse.Tests;

/// <summary>Trades that are a pure function of symbol and id: trade <c>n</c> happened n seconds after <see cref="Start"/>.</summary>
internal static class TestTrades
{
    public static readonly Timestamp Start = Timestamp.Parse("2026-01-01T00:00:00Z");

    public static Timestamp TimeOf(long id) => new(Start.Microseconds + (id * 1_000_000));

    public static Trade Of(Symbol symbol, long id) => new(
        symbol,
        id,
        new Price(5_000_000_000 + (id * 7)),
        new Quantity(100_000_000 + (id * 3)),
        new Timestamp(TimeOf(id).Microseconds + 2_000),
        TimeOf(id),
        new Timestamp(TimeOf(id).Microseconds + 50_000),
        id % 2 == 0 ? AggressorSide.Buy : AggressorSide.Sell,
        IngestSource.Stream);

    public static Trade[] Range(Symbol symbol, long from, long to)
    {
        var trades = new Trade[to - from + 1];
        for (var id = from; id <= to; id++) trades[id - from] = Of(symbol, id);
        return trades;
    }
}
