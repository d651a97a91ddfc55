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
    private const int LongestReused = 4096;

    private static readonly TimeSpan QueueRetry = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan ReportsOfFailed = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _producing = new(1, 1);
    private readonly Lock _gate = new();
    private readonly KeyCache _keys = new();

    // The library copies a value before Produce returns, so one array per length serves all values of that length.
    private readonly byte[]?[] _values = new byte[]?[LongestReused + 1];
    private readonly Dictionary<string, Headers> _headers = new(StringComparer.Ordinal);
    private readonly Message<byte[], byte[]> _message = new();

    private IProducer<byte[], byte[]>? _producer;
    private Error? _fatal;
    private TaskCompletionSource? _room;
    private long _bytesInFlight;
    private long _stalls;

    public long BytesInFlight => Volatile.Read(ref _bytesInFlight);

    public long Stalls => Volatile.Read(ref _stalls);

    /// <param name="name">The topic's name in the cluster.</param>
    /// <param name="topic">The topic.</param>
    /// <exception cref="StorageException">Not everything was acknowledged; what was is not known.</exception>
    public async ValueTask AppendAsync(string name, string topic, RecordBatch records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        var chunks = new List<Chunk>();
        await _producing.WaitAsync(cancellationToken);
        try
        {
            if (_fatal is not null) Retire();
            _producer ??= Build();
            for (var next = 0; next < records.Count;)
            {
                var (end, bytes) = ChunkAt(records, next);
                await WaitForRoomAsync(bytes, cancellationToken);
                var chunk = new Chunk(this, end - next, bytes);
                chunks.Add(chunk);
                next = await ProduceAsync(chunk, name, topic, records, next, end, cancellationToken);
            }
        }
        finally
        {
            _producing.Release();
        }

        foreach (var chunk in chunks) await chunk.Acknowledged.WaitAsync(cancellationToken);
        foreach (var chunk in chunks)
        {
            if (chunk.Failure is { } failure) throw Failed(failure, topic);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever disposes waits for no append any more: what is still queued was abandoned at a drain's deadline.
        await _producing.WaitAsync(CancellationToken.None);
        _producer?.Dispose();
        _producer = null;
        _producing.Dispose();
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
        Chunk chunk, string name, string topic, RecordBatch records, int start, int end, CancellationToken cancellationToken)
    {
        var next = start;
        while (true)
        {
            try
            {
                next = Produce(chunk, name, topic, records, next, end, out var failure);
                if (failure is null) return next;
                if (failure.Code != ErrorCode.Local_QueueFull) throw Failed(failure, topic);
                Interlocked.Increment(ref _stalls);
                await Task.Delay(QueueRetry, clock, cancellationToken);
            }
            catch
            {
                // What was not handed over will not be reported on.
                chunk.Abandon(end - next);
                throw;
            }
        }
    }

    // Stops at the record that was not taken; the next call goes on there.
    private int Produce(Chunk chunk, string name, string topic, RecordBatch records, int start, int end, out Error? failure)
    {
        failure = null;
        for (var i = start; i < end; i++)
        {
            _message.Key = _keys.Of(records.Key(i));
            _message.Value = ValueOf(records.Value(i));
            _message.Headers = HeadersOf(topic);
            try
            {
                _producer!.Produce(name, _message, chunk.Handler);
            }
            catch (ProduceException<byte[], byte[]> refused)
            {
                failure = refused.Error;
                return i;
            }
        }

        return end;
    }

    private byte[] ValueOf(ReadOnlySpan<byte> value)
    {
        if (value.Length > LongestReused) return value.ToArray();
        var array = _values[value.Length] ??= new byte[value.Length];
        value.CopyTo(array);
        return array;
    }

    private Headers HeadersOf(string topic)
    {
        if (_headers.TryGetValue(topic, out var headers)) return headers;
        headers = RecordHeaders.Of(topic);
        _headers.Add(topic, headers);
        return headers;
    }

    private IProducer<byte[], byte[]> Build()
    {
        _fatal = null;
        return new ProducerBuilder<byte[], byte[]>(KafkaSettings.Producer(options))
            .SetLogHandler((_, message) => KafkaLogging.Write(logger, message))
            .SetErrorHandler((_, error) => OnError(error))
            .Build();
    }

    private void OnError(Error error)
    {
        KafkaLogging.Write(logger, error);
        if (error.IsFatal) _fatal = error;
    }

    /// <summary>After a fatal error a producer takes nothing any more: its reports are collected, and the next append gets a new one.</summary>
    private void Retire()
    {
        _producer?.Flush(ReportsOfFailed);
        _producer?.Dispose();
        _producer = null;
    }

    private StorageException Failed(Error error, string topic) => KafkaFailures.Of(_fatal ?? error, $"appending to {topic}", options);

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
    private sealed class Chunk
    {
        private readonly KafkaProducer _owner;
        private readonly int _bytes;
        private readonly TaskCompletionSource _acknowledged = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _open;
        private Error? _failure;

        public Chunk(KafkaProducer owner, int records, int bytes)
        {
            _owner = owner;
            _bytes = bytes;
            _open = records;
            Handler = OnReport;
        }

        /// <summary>One delegate for all records of the chunk.</summary>
        public Action<DeliveryReport<byte[], byte[]>> Handler { get; }

        public Task Acknowledged => _acknowledged.Task;

        /// <summary>What the first record that failed, failed with.</summary>
        public Error? Failure => Volatile.Read(ref _failure);

        public void Abandon(int records) => Count(records);

        private void OnReport(DeliveryReport<byte[], byte[]> report)
        {
            if (report.Error.IsError) Interlocked.CompareExchange(ref _failure, report.Error, null);
            Count(1);
        }

        private void Count(int records)
        {
            if (Interlocked.Add(ref _open, -records) > 0) return;
            _owner.Release(_bytes);
            _acknowledged.TrySetResult();
        }
    }
}
