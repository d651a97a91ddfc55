using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Sink;

/// <summary>What the sink has done. Written by the sink, read by anyone.</summary>
internal sealed class SinkMetrics
{
    private readonly Lock _counting = new();
    private long _stored;
    private long _duplicates;
    private long _rejected;
    private long _batches;

    public long Stored => Volatile.Read(ref _stored);

    public long Duplicates => Volatile.Read(ref _duplicates);

    public long Rejected => Volatile.Read(ref _rejected);

    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Reading records into trades.</summary>
    public StageTime Decoding { get; } = new();

    /// <summary>The warehouse's transactions.</summary>
    public StageTime Loading { get; } = new();

    /// <summary>From the exchange's event time of live trades to their commit in the warehouse.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>Counts a load that was accepted, once it is committed; one that never is, is read again and counted then.</summary>
    /// <returns>Whether it was, once that is known. The batch may be used again before.</returns>
    public Task<bool> CountAsync(IWarehouse warehouse, WarehouseBatch batch, LoadOutcome outcome, TimeProvider clock)
    {
        var committed = warehouse.CommittedAsync(batch.Partition, batch.NextOffset, CancellationToken.None);
        if (!committed.IsCompletedSuccessfully) return CountLaterAsync(committed, EventTimesOf(batch.Trades.Span), outcome, clock);
        lock (_counting)
        {
            Count(outcome);
            var now = Timestamp.Now(clock).Microseconds;
            foreach (ref readonly var trade in batch.Trades.Span)
            {
                if (trade.Source == IngestSource.Stream) Latency.Record(now - trade.EventTime.Microseconds);
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

        lock (_counting)
        {
            Count(outcome);
            var now = Timestamp.Now(clock).Microseconds;
            foreach (var time in eventTimes) Latency.Record(now - time);
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
        Interlocked.Add(ref _stored, outcome.Stored);
        Interlocked.Add(ref _duplicates, outcome.Duplicates);
        Interlocked.Add(ref _rejected, outcome.Rejected);
        Interlocked.Increment(ref _batches);
    }
}
