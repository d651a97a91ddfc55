namespace Crypto.TradeIngest.Streams;

/// <summary>Totals of the stream client since start, over all its connections. Thread-safe, readable at any time.</summary>
internal sealed class StreamMetrics
{
    private long _frames;
    private long _bytes;
    private long _trades;
    private long _batches;
    private long _deadLetters;
    private long _otherEvents;
    private long _controlMessages;
    private long _connects;
    private long _disconnects;
    private long _rotations;
    private long _subscriptionFaults;
    private long _failedShards;
    private long _openConnections;

    /// <summary>
    /// Messages received: <see cref="Trades"/> + <see cref="OtherEvents"/> + <see cref="ControlMessages"/> +
    /// <see cref="DeadLetters"/>, counted when trades are handed over.
    /// </summary>
    public long Frames => Volatile.Read(ref _frames);

    public long Bytes => Volatile.Read(ref _bytes);

    public long Trades => Volatile.Read(ref _trades);

    public long Batches => Volatile.Read(ref _batches);

    public long DeadLetters => Volatile.Read(ref _deadLetters);

    /// <summary>Well-formed events that are not trades and were not asked for.</summary>
    public long OtherEvents => Volatile.Read(ref _otherEvents);

    /// <summary>Answers to requests, and announcements that the connection will be closed.</summary>
    public long ControlMessages => Volatile.Read(ref _controlMessages);

    /// <summary>Connections that reached confirmed subscriptions.</summary>
    public long Connects => Volatile.Read(ref _connects);

    /// <summary>Connections or attempts that ended without our wish.</summary>
    public long Disconnects => Volatile.Read(ref _disconnects);

    /// <summary>Planned replacements of a connection by a newer one.</summary>
    public long Rotations => Volatile.Read(ref _rotations);

    /// <summary>Subscriptions the exchange refused or did not confirm.</summary>
    public long SubscriptionFaults => Volatile.Read(ref _subscriptionFaults);

    /// <summary>Shards that gave up for good: any but zero needs an operator.</summary>
    public long FailedShards => Volatile.Read(ref _failedShards);

    /// <summary>Connections with confirmed subscriptions right now.</summary>
    public long OpenConnections => Volatile.Read(ref _openConnections);

    // Per hand-over, not per frame: the shards share these cache lines.
    internal void CountReceived(long frames, long bytes)
    {
        Interlocked.Add(ref _frames, frames);
        Interlocked.Add(ref _bytes, bytes);
    }

    internal void CountBatch(int trades)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _trades, trades);
    }

    internal void CountDeadLetter() => Interlocked.Increment(ref _deadLetters);

    internal void CountOtherEvent() => Interlocked.Increment(ref _otherEvents);

    internal void CountControlMessage() => Interlocked.Increment(ref _controlMessages);

    internal void CountConnect()
    {
        Interlocked.Increment(ref _connects);
        Interlocked.Increment(ref _openConnections);
    }

    internal void CountConnectionEnd() => Interlocked.Decrement(ref _openConnections);

    internal void CountDisconnect() => Interlocked.Increment(ref _disconnects);

    internal void CountRotation() => Interlocked.Increment(ref _rotations);

    internal void CountSubscriptionFault() => Interlocked.Increment(ref _subscriptionFaults);

    internal void CountFailedShard() => Interlocked.Increment(ref _failedShards);
}
