using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Timestamp = Crypto.TradeModel.Times.Timestamp;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// A member of a consumer group. Positions are asked for at each assignment and never taken from the group, whose offsets are only for
/// display.
/// <para>
/// A partition that is revoked is let go of only after the load under way has ended; records taken and not loaded are dropped, since
/// the next owner starts where the warehouse stands. A partition that was lost (this member was thought dead) may have an owner
/// already: the load then fails because it is not contiguous, and is abandoned.
/// </para>
/// </summary>
internal sealed class KafkaGroupConsumer : ILogConsumer
{
    private const string Revoked = "revoked";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    // A load that takes longer is waited for with the partitions paused, polling, so that the group does not take this member for dead.
    private static readonly TimeSpan PauseAfter = TimeSpan.FromSeconds(1);

    private readonly KafkaTradeLog _log;
    private readonly string _topic;
    private readonly IBatchHandler _handler;
    private readonly ILogger _logger;
    private readonly ValueBuffer _values = new();
    private readonly Dictionary<int, PartitionRun> _runs = [];
    private readonly Queue<PartitionRun> _ready = new();
    private readonly IConsumer<Ignore, int> _consumer;
    private Task _loading = Task.CompletedTask;
    private PartitionRun? _loadingRun;
    private int _takenBytes;
    private Exception? _failure;
    private int _rewindsWanted;

    public KafkaGroupConsumer(KafkaTradeLog log, string topic, IBatchHandler handler, ConsumerMetrics metrics, ILogger logger)
    {
        Metrics = metrics;
        _log = log;
        _topic = topic;
        _handler = handler;
        _logger = logger;
        _consumer = log.Consume(_values, isMember: true, log.GroupOf(topic), builder => builder
            .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => OnRevoked(partitions, Revoked))
            .SetPartitionsLostHandler((_, partitions) => OnRevoked(partitions, "lost")));
    }

    private ConsumerMetrics Metrics { get; }

    public Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Reads and loads until canceled, then leaves the group in good order.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => Run(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public ValueTask DisposeAsync()
    {
        _consumer.Dispose();
        foreach (var run in _runs.Values) run.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Run(CancellationToken cancellationToken)
    {
        _consumer.Subscribe(_log.At(_topic, 0).Topic);
        while (!cancellationToken.IsCancellationRequested)
        {
            // Each goes to its partition's run.
            _takenBytes = 0;
            if (Take(Poll))
            {
                for (var taken = 1; taken < _handler.RecordsPerBatch && _takenBytes < ConsumedBatch.MaxBytes && Take(TimeSpan.Zero);)
                {
                    taken++;
                }
            }

            if (Interlocked.Exchange(ref _rewindsWanted, 0) != 0) Rewind(cancellationToken);
            var isLoaded = true;
            while (_ready.TryDequeue(out var run))
            {
                if (TryLoad(run)) continue;
                isLoaded = false;
                Rewind(cancellationToken);
            }

            if (isLoaded) Metrics.CountPoll();
        }

        _consumer.Close();
    }

    /// <returns>False when the warehouse could not for now, and may stand before what was read.</returns>
    private bool TryLoad(PartitionRun run)
    {
        // Dropped by a revocation meanwhile.
        if (run.Count == 0 || _runs.GetValueOrDefault(run.Partition) != run) return true;
        var slice = run.Take();
        _loadingRun = run;
        _loading = Task.Run(() => HandleAsync(slice));
        try
        {
            if (!Ended(PauseAfter)) WaitPaused();
            _loading.GetAwaiter().GetResult();
        }
        catch (Warehouse.WarehouseException failure) when (_runs.GetValueOrDefault(run.Partition) != run)
        {
            Metrics.CountAbandoned(slice.Records.Length);
            _logger.LogInformation(
                "{Topic}/{Partition} went to another member, which was faster: {Message}", _topic, run.Partition, failure.Message);
        }
        catch (Warehouse.WarehouseException failure) when (failure.IsTransient)
        {
            _logger.LogWarning("{Topic} is read again from where the warehouse stands: {Message}", _topic, failure.Message);
            return false;
        }
        finally
        {
            _loadingRun = null;
            run.Clear();
        }

        if (_runs.GetValueOrDefault(run.Partition) == run) _consumer.StoreOffset(
            new TopicPartitionOffset(_log.At(_topic, run.Partition), slice.NextOffset));
        return true;
    }

    /// <summary>Asks where the partitions held stand, until there is an answer, and reads on from there.</summary>
    private void Rewind(CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<int, long>? positions = null;
        while (positions is null && !cancellationToken.IsCancellationRequested)
        {
            var asking = Task.Run(() => _handler.PositionsAsync(CancellationToken.None), CancellationToken.None);
            _loading = asking;
            if (!Ended(PauseAfter)) WaitPaused();
            try
            {
                positions = asking.GetAwaiter().GetResult();
            }
            catch (Warehouse.WarehouseException failure) when (failure.IsTransient)
            {
                // Its client has waited for minutes already.
                _logger.LogWarning(
                    "The warehouse does not say where {Topic} stands and is asked again: {Message}", _topic, failure.Message);
            }
        }

        foreach (var number in _runs.Keys.ToList())
        {
            // What was assigned meanwhile starts where it should.
            if (positions is null || !positions.TryGetValue(number, out var position)) continue;
            _runs[number].Dispose();
            _runs[number] = new PartitionRun(number, position);
            _consumer.Seek(new TopicPartitionOffset(_log.At(_topic, number), position));
        }
    }

    // Polls without taking: with everything paused only rebalances come through. A partition assigned meanwhile is paused the next time
    // round.
    private void WaitPaused()
    {
        var paused = new List<TopicPartition>();
        while (!Ended(TimeSpan.Zero))
        {
            var held = _consumer.Assignment;
            _consumer.Pause(held);
            paused = held;
            Take(Poll);
        }

        _consumer.Resume(paused.Where(_consumer.Assignment.Contains));
    }

    private bool Ended(TimeSpan timeout) => ((IAsyncResult)_loading).AsyncWaitHandle.WaitOne(timeout);

    private bool Take(TimeSpan timeout)
    {
        try
        {
            var result = _consumer.Consume(timeout);
            if (_failure is { } failure) throw failure;
            if (result is null || !_runs.TryGetValue(result.Partition.Value, out var run)) return false;
            if (result.IsPartitionEOF)
            {
                run.SkipTo(result.Offset.Value);
                return true;
            }

            // What a run handed to a load is not to be touched until that has ended. Paused partitions give nothing; if one did, again
            // later.
            if (run == _loadingRun)
            {
                _consumer.Seek(
                    new TopicPartitionOffset(result.TopicPartition.Topic ?? _log.At(_topic, 0).Topic, run.Partition, run.Position));
                return false;
            }

            if (run.Count == 0) _ready.Enqueue(run);
            _takenBytes += _values.Last.Length;
            run.Add(result.Offset.Value, new Timestamp(result.Message.Timestamp.UnixTimestampMs * 1000), _values.Last);
            return true;
        }
        catch (ConsumeException failure) when (failure.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            foreach (var run in _runs.Values)
            {
                KafkaPositions.Check(_topic, run.Partition, run.Position, _log.Offsets(_topic, run.Partition));
            }

            return false;
        }
        catch (ConsumeException failure) when (KafkaFailures.IsTransient(failure.Error))
        {
            // librdkafka goes on by itself; it only tells.
            return false;
        }
        catch (KafkaException failure)
        {
            throw KafkaFailures.Of(failure.Error, $"reading {_topic} as a member of {_log.GroupOf(_topic)}", _log.Options, failure);
        }
    }

    private List<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        Metrics.CountRebalance();
        var numbers = partitions.Select(partition => partition.Partition.Value).ToList();
        try
        {
            var positions = Wait(() => _handler.PositionsAsync(CancellationToken.None));
            foreach (var number in numbers)
            {
                KafkaPositions.Check(_topic, number, positions[number], _log.Offsets(_topic, number));
                _runs[number] = new PartitionRun(number, positions[number]);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Exceptions do not pass through the native frames: it is thrown after the call that led here.
            _failure = failure;
            return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.End))];
        }

        Metrics.Hold(_runs.Count);
        _logger.LogInformation("{Topic}: partitions {Partitions} assigned.", _topic, string.Join(", ", numbers));
        return [.. numbers.Select(number => new TopicPartitionOffset(_log.At(_topic, number), _runs[number].Position))];
    }

    private void OnRevoked(List<TopicPartitionOffset> partitions, string how)
    {
        Metrics.CountRebalance();

        // The load under way is finished, well or badly, before the group gives the partition to another member.
        if (_loadingRun is { } loading && partitions.Exists(partition => partition.Partition.Value == loading.Partition))
        {
            Ended(Timeout.InfiniteTimeSpan);
        }

        if (how == Revoked) Checkpoint();
        foreach (var partition in partitions)
        {
            if (!_runs.Remove(partition.Partition.Value, out var run)) continue;
            if (run == _loadingRun) continue;
            Metrics.CountAbandoned(run.Count);
            run.Dispose();
        }

        Metrics.Hold(_runs.Count);
        _logger.LogInformation(
            "{Topic}: partitions {Partitions} {How}.", _topic, string.Join(", ", partitions.Select(partition => partition.Partition.Value)),
            how);
    }

    private void Checkpoint()
    {
        try
        {
            Wait(async () =>
            {
                await _handler.CheckpointAsync();
                return true;
            });
        }
        catch (Exception failure) when (failure is Warehouse.WarehouseException or Warehouse.StorageException)
        {
            // Nothing is lost: the next owner starts where the warehouse stood before.
            _logger.LogWarning(
                "{Topic}: partitions are released before what was loaded is checkpointed: {Message}", _topic, failure.Message);
        }
    }

    private async Task HandleAsync(ConsumedBatch batch)
    {
        var commit = await _handler.HandleAsync(batch);

        // Not waited for: the next batch may be handled before.
        _ = WatchAsync(commit);
    }

    private async Task WatchAsync(BatchCommit commit)
    {
        if (!await commit.Completion) Volatile.Write(ref _rewindsWanted, 1);
    }

    /// <summary>
    /// The one place where a thread waits for a task: the client calls back from inside its poll, on this consumer's own thread, and knows
    /// no asynchronous callbacks.
    /// </summary>
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
