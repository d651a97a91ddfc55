using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Log;

/// <summary>Reads partitions of one topic from where its handler stands, and hands over what it reads, one batch at a time.</summary>
internal interface ILogConsumer : IAsyncDisposable
{
    /// <summary>
    /// Hands over what is appended now and returns with all of it committed. Not beside <see cref="RunAsync"/>. Where partitions are shared
    /// with other processes it returns at once: what waits is theirs as well.
    /// </summary>
    /// <exception cref="LogException">The handler stands where the log no longer, or not yet, has records.</exception>
    Task DrainAsync(CancellationToken cancellationToken);

    /// <summary>Hands over what is appended, as it is appended, until canceled.</summary>
    /// <exception cref="LogException">As <see cref="DrainAsync"/>.</exception>
    Task RunAsync(CancellationToken cancellationToken);
}

/// <summary>What a consumer hands its batches to.</summary>
internal interface IBatchHandler
{
    /// <summary>About how many records a batch holds at most.</summary>
    int RecordsPerBatch { get; }

    /// <summary>The first offset wanted of each partition.</summary>
    /// <exception cref="LogException">The log cannot go on from there.</exception>
    /// <exception cref="Warehouse.WarehouseException">It cannot be asked; its IsTransient tells whether to ask again.</exception>
    Task<IReadOnlyDictionary<int, long>> PositionsAsync(CancellationToken cancellationToken);

    /// <summary>Stores a batch and its position together, or neither. The batch is valid until this completes.</summary>
    /// <exception cref="Warehouse.WarehouseException">It is not stored; its IsTransient tells whether to try again.</exception>
    Task<BatchCommit> HandleAsync(ConsumedBatch batch);

    /// <summary>Makes durable what was handled, before another process continues with its partitions.</summary>
    Task CheckpointAsync();
}

/// <summary>When a handled batch is committed, and so all before it of its partition.</summary>
/// <param name="Completion">False when it never will be, and is to be read again.</param>
internal readonly record struct BatchCommit(Task<bool> Completion)
{
    public static BatchCommit Done { get; } = new(Task.FromResult(true));
}

/// <summary>How a consumer fares. Written by the consumer, read by anyone.</summary>
internal sealed class ConsumerMetrics
{
    private readonly Total _polls;
    private readonly Total _abandoned;
    private readonly Total _rebalances;
    private int _held;
    private bool _isWaiting;

    public ConsumerMetrics(TradeIngestMetrics metrics, string topic)
    {
        _polls = metrics.Consumer.Polls[topic];
        _abandoned = metrics.Consumer.Abandoned[topic];
        _rebalances = metrics.Consumer.Rebalances[topic];
        metrics.Consumer.Partitions.ReadFrom(() => Held, new KeyValuePair<string, object?>("topic", topic));
    }

    /// <summary>Records taken and given up because their partition went to another process, which reads them again.</summary>
    public long Abandoned => _abandoned.Value;

    public long Rebalances => _rebalances.Value;

    /// <summary>Rises as long as records are asked for and batches are handled.</summary>
    public long Polls => _polls.Value;

    /// <summary>Partitions held now.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Whether it has handed over all there is and waits for more.</summary>
    public bool IsWaiting => Volatile.Read(ref _isWaiting);

    public void NoteWaiting(bool isWaiting) => Volatile.Write(ref _isWaiting, isWaiting);

    public void Hold(int partitions) => Volatile.Write(ref _held, partitions);

    public void CountRebalance() => _rebalances.Increment();

    public void CountAbandoned(int records) => _abandoned.Add(records);

    public void CountPoll() => _polls.Increment();
}
