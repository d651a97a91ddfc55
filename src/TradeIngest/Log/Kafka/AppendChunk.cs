using Confluent.Kafka;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>A run of records of one append: it has ended when each of them was reported on, or nothing more will be.</summary>
internal sealed class AppendChunk
{
    private readonly TaskCompletionSource<Error?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<AppendChunk> _release;
    private int _open;
    private Error? _failure;
    private int _isEnded;

    /// <param name="records">How many reports to expect.</param>
    /// <param name="bytes">Bytes of keys and values.</param>
    /// <param name="release">Called once, when the chunk has ended and before that is seen.</param>
    public AppendChunk(int records, int bytes, Action<AppendChunk> release)
    {
        _open = records;
        _release = release;
        Bytes = bytes;
        OnReport = Take;
    }

    public int Bytes { get; }

    /// <summary>One delegate for all records of the chunk.</summary>
    public Action<DeliveryReport<byte[], byte[]>> OnReport { get; }

    /// <summary>What the first record that failed, failed with; null when all are acknowledged.</summary>
    public Task<Error?> Ended => _ended.Task;

    /// <summary>Records that were not handed over will not be reported on.</summary>
    public void Abandon(int records) => Count(records);

    /// <summary>Ends at once: there will be no more reports.</summary>
    public void Fail(Error error)
    {
        Interlocked.CompareExchange(ref _failure, error, null);
        End();
    }

    private void Take(DeliveryReport<byte[], byte[]> report)
    {
        if (report.Error.IsError) Interlocked.CompareExchange(ref _failure, report.Error, null);
        Count(1);
    }

    private void Count(int records)
    {
        if (Interlocked.Add(ref _open, -records) <= 0) End();
    }

    private void End()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0) return;
        _release(this);
        _ended.SetResult(Volatile.Read(ref _failure));
    }
}
