using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Sink;

/// <summary>What the sink has done. Written by the sink, read by anyone.</summary>
internal sealed class SinkMetrics
{
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

    internal void Count(LoadOutcome outcome)
    {
        Interlocked.Add(ref _stored, outcome.Stored);
        Interlocked.Add(ref _duplicates, outcome.Duplicates);
        Interlocked.Add(ref _rejected, outcome.Rejected);
        Interlocked.Increment(ref _batches);
    }
}
