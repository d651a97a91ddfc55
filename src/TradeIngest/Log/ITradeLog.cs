namespace Crypto.TradeIngest.Log;

/// <summary>
/// A partitioned, ordered, durable log of records, as Kafka offers it and as a file can. Offsets rise within a partition, may skip,
/// and are never used again within one <see cref="Epoch"/>. Safe for concurrent callers.
/// </summary>
internal interface ITradeLog : IAsyncDisposable
{
    /// <summary>Identity of the storage behind the log: another one after the log was deleted and made anew.</summary>
    string Epoch { get; }

    /// <summary>Partitions of every topic, numbered from 0.</summary>
    int Partitions { get; }

    /// <summary>
    /// Appends all records or none; on return they survive a power cut. Records of one key keep their order.
    /// </summary>
    /// <exception cref="Warehouse.StorageException">The log could not take them; its IsTransient tells whether to try again.</exception>
    ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken);

    /// <summary>Reads partitions of a topic from the given offsets on.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="positions">Partition → first offset wanted. An offset that was trimmed away is an error, not a silent jump.</param>
    ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions);

    /// <summary>The first offset kept and the one the next record will get.</summary>
    ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken);

    /// <summary>Removes old records: those beyond the policy, but none at or after the given offset (those not yet read).</summary>
    /// <returns>The first offset kept.</returns>
    ValueTask<long> TrimAsync(string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken);
}

/// <summary>Half-open: <paramref name="Next"/> is not written yet.</summary>
internal readonly record struct OffsetRange(long First, long Next)
{
    public long Count => Next - First;
}

/// <summary>What a log keeps. Whatever exceeds one of the two goes.</summary>
/// <param name="MaxBytes">Most bytes of a partition. Default 1 GiB.</param>
/// <param name="MaxAge">Oldest records of a partition. Default seven days.</param>
internal sealed record TrimPolicy(long MaxBytes = 1L << 30, TimeSpan? MaxAge = null)
{
    public TimeSpan Age => MaxAge ?? TimeSpan.FromDays(7);
}
