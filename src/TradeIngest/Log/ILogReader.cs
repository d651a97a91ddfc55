namespace Crypto.TradeIngest.Log;

/// <summary>Reads partitions of a topic in offset order. One caller at a time.</summary>
internal interface ILogReader : IAsyncDisposable
{
    /// <summary>
    /// The next run of records of one partition, waiting for one to be appended when there is none. The slice is valid until the next
    /// call. It has <see cref="ConsumedBatch.MaxBytes"/> at most, exceeded by one record.
    /// </summary>
    /// <param name="maxRecords">About how many; a slice may hold up to one appended batch more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<ConsumedBatch> ReadAsync(int maxRecords, CancellationToken cancellationToken);

    /// <summary>As <see cref="ReadAsync"/>, but null when nothing is there now.</summary>
    ConsumedBatch? TryRead(int maxRecords);
}
