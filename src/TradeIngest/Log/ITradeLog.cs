using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log;

/// <summary>
/// A partitioned, ordered, durable log of records, as Kafka offers it and as a file can. Offsets rise within a partition, may skip,
/// and are never used again within one <see cref="Epoch"/>. Safe for concurrent callers.
/// </summary>
internal interface ITradeLog : IAsyncDisposable
{
    /// <summary>Identity of the storage behind the log: another one after the log was deleted and made anew.</summary>
    string Epoch { get; }

    /// <summary>As <see cref="Epoch"/>, of one topic, where topics can be made anew one by one. Part of every stored position.</summary>
    string EpochOf(string topic) => Epoch;

    /// <summary>
    /// Whether other processes append to it and consume it too. What roles tell each other then goes through its topics, and it is trimmed
    /// by a retention of its own.
    /// </summary>
    bool IsShared => false;

    /// <summary>Partitions of every topic, numbered from 0.</summary>
    int Partitions { get; }

    /// <summary>Partitions of one topic, where topics may differ.</summary>
    int PartitionsOf(string topic) => Partitions;

    /// <summary>
    /// Appends all records; on return they survive a power cut, or the loss of a broker. Records of one key keep their order. When it
    /// fails, a log of several machines may have taken some of them: what is appended again then stands there twice, and what reads
    /// it must not mind.
    /// </summary>
    /// <exception cref="Warehouse.StorageException">The log could not take them; its IsTransient tells whether to try again.</exception>
    ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken);

    /// <summary>Reads partitions of a topic from the given offsets on.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="positions">Partition → first offset wanted. An offset that was trimmed away is an error, not a silent jump.</param>
    ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions);

    /// <summary>A consumer of those partitions of a topic that fall to this process.</summary>
    ILogConsumer OpenConsumer(string topic, IBatchHandler handler, ConsumerMetrics metrics, TimeProvider clock, ILogger logger) =>
        new LogConsumer(this, topic, handler, metrics, clock, logger);

    /// <summary>An election among the processes that share the log.</summary>
    /// <param name="name">What the leader does: one election has one name.</param>
    /// <param name="clock">Of terms.</param>
    /// <param name="logger">For who leads.</param>
    ILeaderElection Elect(string name, TimeProvider clock, ILogger logger) => new SoleLeader();

    /// <summary>How appends fare.</summary>
    AppendStatus Appends => default;

    /// <summary>The first offset kept and the one the next record will get.</summary>
    ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken);

    /// <summary>
    /// Removes old records: those beyond the policy, but none at or after the given offset (those not yet read). A log with a retention
    /// of its own (Kafka) leaves it to that.
    /// </summary>
    /// <returns>The first offset kept.</returns>
    ValueTask<long> TrimAsync(string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken);
}

/// <param name="BytesInFlight">Bytes handed over and not yet acknowledged.</param>
/// <param name="Stalls">Appends that waited because the bound on bytes in flight was reached.</param>
/// <param name="Retries">Batches appended again after the log refused them for the time being.</param>
internal readonly record struct AppendStatus(long BytesInFlight, long Stalls, long Retries);

/// <summary>Half-open: <paramref name="Next"/> is not written yet.</summary>
internal readonly record struct OffsetRange(long First, long Next)
{
    public long Count => Next - First;
}

/// <summary>What a log keeps: batches beyond either bound are removed.</summary>
/// <param name="MaxBytes">Most bytes of a partition. Default 1 GiB.</param>
/// <param name="MaxAge">Oldest records of a partition. Default seven days.</param>
internal sealed record TrimPolicy(long MaxBytes = 1L << 30, TimeSpan? MaxAge = null)
{
    public TimeSpan Age => MaxAge ?? TimeSpan.FromDays(7);
}
