using System.Runtime.InteropServices;
using Confluent.Kafka;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Appends batches through one idempotent producer. A batch goes out in chunks, each counted as a whole: no task and no record of
/// its own per message. At most <see cref="KafkaOptions.MaxBytesInFlight"/> are unacknowledged; beyond it an append waits.
/// </summary>
internal sealed class KafkaProducer(KafkaOptions options, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private const int ChunkBytes = 1 << 20;

    private static readonly TimeSpan QueueRetry = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReportsOfFailed = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _producing = new(1, 1);
    private readonly Lock _gate = new();
    private NativeProducer? _producer;
    private TaskCompletionSource? _room;
    private long _bytesInFlight;
    private long _stalls;
    private long _retries;
    private volatile bool _isDisposed;

    public long BytesInFlight => Volatile.Read(ref _bytesInFlight);

    public long Stalls => Volatile.Read(ref _stalls);

    /// <summary>Batches appended again because the brokers gave up on them with an error that may pass.</summary>
    public long Retries => Volatile.Read(ref _retries);

    /// <summary>
    /// Appends, and does it again for as long as the brokers refuse with what may pass by waiting. librdkafka does that by itself for
    /// most errors; what it gives up, such as a quota, is done again as a whole batch, so that each key's records stand in order.
    /// </summary>
    /// <param name="name">The topic's name in the cluster.</param>
    /// <param name="topic">The topic.</param>
    /// <param name="records">May be used again when the append has ended.</param>
    /// <param name="cancellationToken">Ends the wait, not what is under way.</param>
    /// <exception cref="StorageException">Not everything was acknowledged; what was is not known.</exception>
    public async ValueTask AppendAsync(string name, string topic, RecordBatch records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        for (var wait = FirstRetry; ; wait = wait * 2 < LastRetry ? wait * 2 : LastRetry)
        {
            try
            {
                await AppendOnceAsync(name, topic, records, cancellationToken);
                return;
            }
            catch (StorageException failure) when (failure.IsTransient && !_isDisposed)
            {
                Interlocked.Increment(ref _retries);
                logger.LogWarning("{Message} Appending again in {Wait}.", failure.Message, wait);
                await Task.Delay(wait, clock, cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;

        // Whoever disposes waits for no append any more: what is still queued was abandoned at a drain's deadline.
        await _producing.WaitAsync(CancellationToken.None);
        _producer?.Dispose();
        _producer = null;
        _producing.Dispose();
    }

    private async ValueTask AppendOnceAsync(string name, string topic, RecordBatch records, CancellationToken cancellationToken)
    {
        var chunks = new List<Chunk>();
        await _producing.WaitAsync(cancellationToken);
        try
        {
            if (_producer?.Fatal is not null) Retire();
            _producer ??= new NativeProducer(KafkaSettings.Producer(options), logger);
            var version = RecordHeaders.VersionOf(topic);
            for (var next = 0; next < records.Count;)
            {
                var (end, bytes) = ChunkAt(records, next);
                await WaitForRoomAsync(bytes, cancellationToken);
                var chunk = new Chunk(this, end - next, bytes);
                chunks.Add(chunk);
                next = await ProduceAsync(chunk, name, version, records, next, end, cancellationToken);
            }
        }
        finally
        {
            _producing.Release();
        }

        foreach (var chunk in chunks) await chunk.Acknowledged.WaitAsync(cancellationToken);
        foreach (var chunk in chunks)
        {
            if (chunk.Failure is var failure and not ErrorCode.NoError) throw Failed(failure, name);
        }
    }

    private static (int End, int Bytes) ChunkAt(RecordBatch records, int start)
    {
        var bytes = 0;
        var end = start;
        do bytes += records.Key(end).Length + records.Value(end++).Length;
        while (end < records.Count && bytes < ChunkBytes);
        return (end, bytes);
    }

    /// <summary>Produces the records of a chunk, waiting where librdkafka's own queue is full.</summary>
    private async ValueTask<int> ProduceAsync(
        Chunk chunk, string name, byte[] version, RecordBatch records, int start, int end, CancellationToken cancellationToken)
    {
        var next = start;
        try
        {
            while (true)
            {
                next = Produce(chunk, name, version, records, next, end, out var failure);
                if (failure == ErrorCode.NoError) return next;
                if (failure != ErrorCode.Local_QueueFull) throw Failed(failure, name);
                Interlocked.Increment(ref _stalls);
                await Task.Delay(QueueRetry, clock, cancellationToken);
            }
        }
        catch
        {
            // What was not handed over will not be reported on.
            chunk.Abandon(end - next);
            throw;
        }
    }

    // Stops at the record that was not taken; the next call goes on there.
    private int Produce(Chunk chunk, string name, byte[] version, RecordBatch records, int start, int end, out ErrorCode failure)
    {
        failure = ErrorCode.NoError;
        for (var i = start; i < end; i++)
        {
            failure = _producer!.Produce(name, records.Key(i), records.Value(i), version, chunk.Handle);
            if (failure != ErrorCode.NoError) return i;
        }

        return end;
    }

    /// <summary>
    /// After a fatal error a producer takes nothing any more: its reports are collected, and the next append gets a new one.
    /// </summary>
    private void Retire()
    {
        _producer?.Flush(ReportsOfFailed);
        _producer?.Dispose();
        _producer = null;
    }

    private StorageException Failed(ErrorCode error, string name) =>
        KafkaFailures.Of(_producer?.Fatal ?? new Error(error), $"appending to {name}", options);

    private async ValueTask WaitForRoomAsync(int bytes, CancellationToken cancellationToken)
    {
        var hasWaited = false;
        while (true)
        {
            Task room;
            lock (_gate)
            {
                // A chunk larger than the bound goes alone.
                if (_bytesInFlight == 0 || _bytesInFlight + bytes <= options.MaxBytesInFlight)
                {
                    _bytesInFlight += bytes;
                    return;
                }

                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
            }

            if (!hasWaited) Interlocked.Increment(ref _stalls);
            hasWaited = true;
            await room.WaitAsync(cancellationToken);
        }
    }

    private void Release(int bytes)
    {
        lock (_gate)
        {
            _bytesInFlight -= bytes;
            _room?.TrySetResult();
            _room = null;
        }
    }

    /// <summary>Counts down the reports of a run of records.</summary>
    private sealed class Chunk : NativeProducer.IReports
    {
        private readonly KafkaProducer _owner;
        private readonly int _bytes;
        private readonly TaskCompletionSource _acknowledged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private GCHandle _handle;
        private int _open;
        private int _failure;

        public Chunk(KafkaProducer owner, int records, int bytes)
        {
            _owner = owner;
            _bytes = bytes;
            _open = records;
            _handle = GCHandle.Alloc(this);
            Handle = GCHandle.ToIntPtr(_handle);
        }

        /// <summary>One for all records of the chunk, freed with the last report.</summary>
        public nint Handle { get; }

        public Task Acknowledged => _acknowledged.Task;

        /// <summary>What the first record that failed, failed with.</summary>
        public ErrorCode Failure => (ErrorCode)Volatile.Read(ref _failure);

        public void Abandon(int records) => Count(records);

        public void OnReport(ErrorCode error)
        {
            if (error != ErrorCode.NoError) Interlocked.CompareExchange(ref _failure, (int)error, 0);
            Count(1);
        }

        private void Count(int records)
        {
            if (records == 0 || Interlocked.Add(ref _open, -records) > 0) return;
            _handle.Free();
            _owner.Release(_bytes);
            _acknowledged.TrySetResult();
        }
    }
}
