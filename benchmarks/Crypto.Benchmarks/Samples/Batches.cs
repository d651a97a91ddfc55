using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Samples;

/// <summary>Batches in pooled arrays, as the stream client makes them.</summary>
internal static class Batches
{
    public static TradeBatch Of(ReadOnlySpan<Trade> trades)
    {
        var batch = TradeBatch.Rent(trades.Length);
        foreach (ref readonly var trade in trades) batch.Add(trade);
        return batch;
    }
}
