using Confluent.Kafka;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Appends batches through one idempotent producer. A batch goes out in chunks, each counted as a whole: no task and no delegate per
/// record. At most <see cref="KafkaOptions.MaxBytesInFlight"/> are unacknowledged; beyond it an append waits.
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
    private ProducerClient? _client;
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
    /// <param name="records">May be used again when the append has ended.</param>
    /// <param name="cancellationToken">Ends the wait, not what is under way.</param>
    /// <exception cref="StorageException">Not everything was acknowledged; what was is not known.</exception>
    public async ValueTask AppendAsync(string name, RecordBatch records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        for (var wait = FirstRetry; ; wait = wait * 2 < LastRetry ? wait * 2 : LastRetry)
        {
            try
            {
                await AppendOnceAsync(name, records, cancellationToken);
                return;
            }
            catch (StorageException failure) when (failure.IsTransient && !_isDisposed)
            {
                Interlocked.Increment(ref _retries);
                logger.AppendingAgain(failure.Message, wait);
                await Task.Delay(wait, clock, cancellationToken);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;

        // Whoever disposes waits for no append any more: what is still queued was abandoned at a drain's deadline. An append that waits for
        // room gets it so, and ends.
        Volatile.Read(ref _client)?.Close();
        await _producing.WaitAsync(CancellationToken.None);
        if (_client is { } client)
        {
            await Task.Run(() => KafkaClosing.TryClose(client.Dispose, "The producer", options.CloseTimeout, logger));
            _client = null;
        }

        // For appends that still wait for their turn.
        _producing.Release();
    }

    private async ValueTask AppendOnceAsync(string name, RecordBatch records, CancellationToken cancellationToken)
    {
        var chunks = new List<AppendChunk>();
        ProducerClient client;
        await _producing.WaitAsync(cancellationToken);
        try
        {
            client = await ClientAsync(name);
            var target = new TopicPartition(name, Partition.Any);
            for (var next = 0; next < records.Count;)
            {
                var (end, bytes) = ChunkAt(records, next);
                await WaitForRoomAsync(bytes, cancellationToken);
                var chunk = Open(client, end - next, bytes, name);
                chunks.Add(chunk);
                await ProduceAsync(client, chunk, target, records, next, end, cancellationToken);
                next = end;
            }
        }
        finally
        {
            _producing.Release();
        }

        // Each: what is appended again stands behind everything of this attempt.
        Error? failure = null;
        foreach (var chunk in chunks) failure = await chunk.Ended.WaitAsync(cancellationToken) ?? failure;
        if (failure is not null) throw Failed(client, failure, name);
    }

    private static (int End, int Bytes) ChunkAt(RecordBatch records, int start)
    {
        var bytes = 0;
        var end = start;
        do bytes += records.Key(end).Length + records.Value(end++).Length;
        while (end < records.Count && bytes < ChunkBytes);
        return (end, bytes);
    }

    /// <summary>
    /// The producer. After a fatal error it takes nothing any more: its reports are collected, and this append gets a new one.
    /// </summary>
    private async ValueTask<ProducerClient> ClientAsync(string name)
    {
        if (_isDisposed) throw KafkaFailures.Of(new Error(ErrorCode.Local_Destroy), $"appending to {name}", options);
        if (_client is { Fatal: not null } broken)
        {
            await Task.Run(() =>
            {
                broken.Flush(ReportsOfFailed);
                broken.Dispose();
            });
            _client = null;
        }

        if (_client is null) Volatile.Write(ref _client, new ProducerClient(options, logger));

        // A disposal beside this one may have looked for a client before there was one.
        if (_isDisposed) _client.Close();
        return _client;
    }

    private AppendChunk Open(ProducerClient client, int records, int bytes, string name)
    {
        try
        {
            return client.Open(records, bytes, chunk => Release(chunk.Bytes));
        }
        catch (KafkaException failure)
        {
            Release(bytes);
            throw Failed(client, failure.Error, name);
        }
    }

    /// <summary>Produces the records of a chunk, waiting where librdkafka's own queue is full.</summary>
    private async ValueTask ProduceAsync(
        ProducerClient client, AppendChunk chunk, TopicPartition topic, RecordBatch records, int start, int end,
        CancellationToken cancellationToken)
    {
        var next = start;
        try
        {
            while (!TryProduce(client, chunk, topic, records, ref next, end))
            {
                Interlocked.Increment(ref _stalls);
                await Task.Delay(QueueRetry, clock, cancellationToken);
                if (_isDisposed) throw new KafkaException(ErrorCode.Local_Destroy);
            }
        }
        catch (KafkaException failure)
        {
            throw Failed(client, failure.Error, topic.Topic);
        }
        finally
        {
            // What was not handed over will not be reported on.
            if (next < end) chunk.Abandon(end - next);
        }
    }

    /// <returns>False where the queue is full; the next call goes on with the record that was not taken.</returns>
    private static bool TryProduce(
        ProducerClient client, AppendChunk chunk, TopicPartition topic, RecordBatch records, ref int next, int end)
    {
        try
        {
            for (; next < end; next++) client.Produce(topic, records.Key(next), records.Value(next), chunk);
            return true;
        }
        catch (KafkaException failure) when (failure.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
    }

    private StorageException Failed(ProducerClient client, Error error, string name) =>
        KafkaFailures.Of(client.Fatal ?? error, $"appending to {name}", options);

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
}
