using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Pipelines;

/// <summary>Trades and batches for tests, with a time near the manual clock's start.</summary>
internal static class Batches
{
    private static readonly Timestamp Now = Timestamp.Parse("2026-02-03T00:00:00Z");

    public static Trade Trade(Symbol symbol, long id, string price = "1.5", IngestSource source = IngestSource.Stream) =>
        new(symbol, id, Price.Parse(price), Quantity.Parse("2"), Now, Now, Now, AggressorSide.Buy, source);

    public static TradeBatch Of(Symbol symbol, params ReadOnlySpan<long> ids)
    {
        var batch = TradeBatch.Rent(Math.Max(1, ids.Length));
        foreach (var id in ids) batch.Add(Trade(symbol, id));
        return batch;
    }

    public static TradeBatch Range(Symbol symbol, long from, long to)
    {
        var batch = TradeBatch.Rent((int)(to - from + 1));
        for (var id = from; id <= to; id++) batch.Add(Trade(symbol, id));
        return batch;
    }

    public static long[] Ids(this TradeBatch batch)
    {
        var ids = new long[batch.Count];
        for (var i = 0; i < ids.Length; i++) ids[i] = batch.Trades[i].TradeId;
        return ids;
    }

    /// <summary>An event in a few characters: <c>[1 2 3]</c>, <c>gap 4-6</c>.</summary>
    public static string Text(StreamEvent value) => value switch
    {
        TradeBatch batch => $"[{string.Join(' ', batch.Ids())}]",
        GapFound gap => $"gap {gap.Ids.From}-{gap.Ids.To}",
        ExchangeHole hole => $"hole {hole.Ids.From}-{hole.Ids.To}",
        OutOfReach unreached => $"out of reach {unreached.Ids.From}-{unreached.Ids.To}",
        QualityIssue issue => $"{issue.Reason} {issue.Trade.TradeId}",
        _ => value.GetType().Name,
    };
}
