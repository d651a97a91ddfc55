using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Samples;

/// <summary>Batches in pooled arrays, as the stream client makes them.</summary>
internal static class Batches
{
    public const int Size = 1024;

    /// <summary>The sample trades, cut into batches of <see cref="Size"/>.</summary>
    public static TradeBatch[] Of(int trades) =>
        [.. SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), trades).Chunk(Size).Select(Of)];

    private static TradeBatch Of(Trade[] trades)
    {
        var batch = TradeBatch.Rent(trades.Length);
        foreach (ref readonly var trade in trades.AsSpan()) batch.Add(trade);
        return batch;
    }
}
