using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Sink;

/// <summary>Counts what a sink has loaded, when it is committed.</summary>
internal sealed class LoadCounter(SinkMetrics metrics)
{
    /// <summary>Counts a load that was accepted, once it is committed; one that never is, is read again and counted then.</summary>
    /// <returns>Whether it was, once that is known. The batch may be used again before.</returns>
    public Task<bool> CountAsync(IWarehouse warehouse, WarehouseBatch batch, LoadOutcome outcome, TimeProvider clock)
    {
        var committed = warehouse.CommittedAsync(batch.Partition, batch.NextOffset, CancellationToken.None);
        if (!committed.IsCompletedSuccessfully) return CountLaterAsync(committed, EventTimesOf(batch.Trades.Span), outcome, clock);
        lock (metrics.Latency.Writing)
        {
            Count(outcome);
            var now = Timestamp.Now(clock).Microseconds;
            foreach (ref readonly var trade in batch.Trades.Span)
            {
                if (trade.Source == IngestSource.Stream) metrics.Latency.Record(now - trade.EventTime.Microseconds);
            }
        }

        return Task.FromResult(true);
    }

    private async Task<bool> CountLaterAsync(ValueTask committed, List<long> eventTimes, LoadOutcome outcome, TimeProvider clock)
    {
        try
        {
            await committed;
        }
        catch (WarehouseException)
        {
            // The next call of the warehouse tells the sink.
            return false;
        }

        lock (metrics.Latency.Writing)
        {
            Count(outcome);
            var now = Timestamp.Now(clock).Microseconds;
            foreach (var time in eventTimes) metrics.Latency.Record(now - time);
        }

        return true;
    }

    private static List<long> EventTimesOf(ReadOnlySpan<Trade> trades)
    {
        var times = new List<long>(trades.Length);
        foreach (ref readonly var trade in trades)
        {
            if (trade.Source == IngestSource.Stream) times.Add(trade.EventTime.Microseconds);
        }

        return times;
    }

    private void Count(LoadOutcome outcome)
    {
        metrics.Stored.Add(outcome.Stored);
        metrics.Duplicates.Add(outcome.Duplicates);
        metrics.Rejected.Add(outcome.Rejected);
        metrics.Verdicts.Add(outcome.Verdicts);
        metrics.Batches.Increment();
    }
}

/// <summary>What a sink has loaded by some moment.</summary>
internal readonly record struct LoadedRecords(long Stored, long Known, long Rejected, long Verdicts)
{
    public static LoadedRecords Of(SinkMetrics metrics) =>
        new(metrics.Stored.Value, metrics.Duplicates.Value, metrics.Rejected.Value, metrics.Verdicts.Value);
}
