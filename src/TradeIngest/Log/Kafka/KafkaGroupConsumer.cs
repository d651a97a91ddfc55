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
internal sealed partial class KafkaGroupConsumer : ILogConsumer
{
    private const string Revoked = "revoked";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

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
    private bool _joinsAgain;
    private bool _hasLeft;
    private bool _isLeftBehind;

    // Written by the consumer's thread, for the watch beside it.
    private volatile bool _hasJoined;
    private volatile bool _isReady;
    private volatile Dictionary<int, long> _held = [];

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
            .SetPartitionsLostHandler((_, partitions) => OnRevoked(partitions, "lost")), log.Options.InstanceId);
    }

    private ConsumerMetrics Metrics { get; }

    /// <summary>
    /// Whether the group has answered, and the watch of its partitions found nothing wrong; see <see cref="GroupReadiness"/>.
    /// </summary>
    internal bool IsReady => _isReady;

    public Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Reads and loads until canceled or failed, then leaves the group.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(ending.Token);
        try
        {
            await Task.Factory.StartNew(
                () => Run(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_hasLeft) await Task.Run(Leave);

        // What is left behind may still use them.
        if (_isLeftBehind) return;
        foreach (var run in _runs.Values) run.Dispose();
    }

    private void Run(CancellationToken cancellationToken)
    {
        try
        {
            _consumer.Subscribe(_log.At(_topic, 0).Topic);
            while (!cancellationToken.IsCancellationRequested)
            {
                ReadAndLoad(cancellationToken);
                _held = _runs.ToDictionary(run => run.Key, run => run.Value.Position);
            }
        }
        catch (Exception failure)
        {
            // First of all: to leave may take its time.
            _logger.GroupMemberFailed(_topic, failure.Message);
            throw;
        }
        finally
        {
            Leave();
        }
    }

    private void Leave()
    {
        _hasLeft = true;
        _isLeftBehind = !_log.TryClose(_consumer.Close, $"The member of {_log.GroupOf(_topic)}");
    }

    private void ReadAndLoad(CancellationToken cancellationToken)
    {
        if (_joinsAgain)
        {
            _joinsAgain = false;
            _consumer.Unsubscribe();
            _consumer.Subscribe(_log.At(_topic, 0).Topic);
        }

        // Each record goes to its partition's run.
        _takenBytes = 0;
        if (Take(Poll))
        {
            for (var taken = 1; taken < _handler.RecordsPerBatch && _takenBytes < ConsumedBatch.MaxBytes && Take(TimeSpan.Zero);) taken++;
        }

        if (Interlocked.Exchange(ref _rewindsWanted, 0) != 0) Rewind(cancellationToken);
        var isLoaded = true;
        while (_ready.TryDequeue(out var run))
        {
            if (TryLoad(run)) continue;
            isLoaded = false;
            Rewind(cancellationToken);
        }

        if (isLoaded && _isReady) Metrics.CountPoll();
    }

    /// <summary>
    /// Looks at intervals whether this member gets on, which the polls alone do not show: those of a member that has no partitions, or
    /// whose partitions have no leader, come back empty, as when there is nothing to read.
    /// </summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var readiness = new GroupReadiness(partition => _log.Offsets(_topic, partition), _log.Options.MaxLag);
        var checking = Task.FromResult(false);
        try
        {
            while (true)
            {
                await Task.Delay(WatchInterval, _log.Clock, cancellationToken);

                // librdkafka asks a broker that is gone for minutes: one question at a time, and no answer in time is one.
                if (checking.IsCompleted) checking = Task.Run(() => readiness.Check(_held), CancellationToken.None);
                await Task.WhenAny(checking, Task.Delay(_log.Options.AdminTimeout, _log.Clock, cancellationToken));
                _isReady = _hasJoined && checking.IsCompletedSuccessfully && await checking;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
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
            _logger.LoadAbandoned(_topic, run.Partition, failure.Message);
        }
        catch (Warehouse.WarehouseException failure) when (failure.IsTransient)
        {
            _logger.GroupRewinding(_topic, failure.Message);
            return false;
        }
        finally
        {
            // Also where a poll failed beside it: its records are the run's.
            Ended(Timeout.InfiniteTimeSpan);
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
                _logger.GroupPositionUnknown(_topic, failure.Message);
            }
        }

        foreach (var number in _runs.Keys.ToList())
        {
            // Canceled: nothing more is read.
            if (positions is null) return;
            var position = PositionOf(number, positions);
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

            // They are there after all, as after a change of leaders. librdkafka fetches that partition no more until it is assigned again.
            _logger.OffsetRefused(_topic, failure.Error.Reason);
            _joinsAgain = true;
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
}
