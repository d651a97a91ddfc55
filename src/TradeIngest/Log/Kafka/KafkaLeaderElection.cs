using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// The leader is that member of a consumer group which holds partition 0 of a topic. The others stand by, and one of them is elected when
/// the leader leaves or its session ends.
/// <para>
/// A member that is to give the partition up ends its work first, and the group waits for it. One that was silent for as long as a
/// session ends its work by itself, whether the group has told it or not (it may have been paused), and joins again. Kafka fences
/// nothing here: what such a member had sent before may still land after another has begun, so the work must bear that.
/// </para>
/// </summary>
internal sealed class KafkaLeaderElection : ILeaderElection
{
    private const string SessionTimeout = "session.timeout.ms";

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultSession = TimeSpan.FromSeconds(45);

    private readonly KafkaTradeLog _log;
    private readonly string _topic;
    private readonly string _group;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly TimeSpan _session;
    private readonly IConsumer<Ignore, int> _consumer;
    private Func<LeadershipTerm, Task> _work = static _ => Task.CompletedTask;
    private CancellationToken _abandoning;
    private LeadershipTerm? _term;
    private Task _working = Task.CompletedTask;
    private long _polledAt;
    private int _state;
    private bool _hasLeft;

    /// <param name="log">The cluster.</param>
    /// <param name="topic">A topic whose partition 0 goes to the leader; its records are of no interest.</param>
    /// <param name="group">The group of the candidates.</param>
    /// <param name="clock">Tells how long this process was silent.</param>
    /// <param name="logger">For who leads.</param>
    public KafkaLeaderElection(KafkaTradeLog log, string topic, string group, TimeProvider clock, ILogger logger)
    {
        _log = log;
        _topic = topic;
        _group = group;
        _clock = clock;
        _logger = logger;
        _session = KafkaSettings.Consumer(log.Options, isMember: true).FirstOrDefault(
            setting => setting.Key == SessionTimeout).Value is { } milliseconds
            ? TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture))
            : DefaultSession;
        _consumer = log.Consume(new ValueBuffer(), isMember: true, group, builder => builder
            .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => OnTaken(partitions))
            .SetPartitionsLostHandler((_, partitions) => OnTaken(partitions)));
    }

    public LeadershipState State => (LeadershipState)Volatile.Read(ref _state);

    /// <summary>Works whenever this process is elected, until canceled; then ends the work and leaves the group in good order.</summary>
    /// <param name="work">
    /// Goes on until its term ends. Its failure ends the run, and so does its end before that of its term.
    /// </param>
    /// <param name="cancellationToken">Leaves.</param>
    /// <param name="abandoning">Ends the wait for what is under way.</param>
    public Task RunAsync(Func<LeadershipTerm, Task> work, CancellationToken cancellationToken, CancellationToken abandoning)
    {
        _work = work;
        _abandoning = abandoning;
        return Task.Factory.StartNew(
            () => Run(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public void Dispose()
    {
        if (!_hasLeft) Leave();
        _term?.Dispose();
    }

    // Closed once: where it hangs it goes on hanging.
    private void Leave()
    {
        _hasLeft = true;
        _log.TryClose(_consumer.Close, $"The member of {_group}");
    }

    private bool WasSilent => _clock.GetElapsedTime(Volatile.Read(ref _polledAt)) >= _session;

    private void Run(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _polledAt, _clock.GetTimestamp());
        _consumer.Subscribe(_log.At(_topic, 0).Topic);
        try
        {
            while (!cancellationToken.IsCancellationRequested && !_working.IsFaulted && (_term is null || !_working.IsCompleted))
            {
                Take();
                if (WasSilent) JoinAgain();
                Volatile.Write(ref _polledAt, _clock.GetTimestamp());
            }
        }
        catch (Exception failure)
        {
            // First of all: what follows may take its time.
            _logger.ElectionFailed(_group, failure.Message);
            EndTerm(_log.Options.CloseTimeout);
            throw;
        }
        finally
        {
            EndTerm(Timeout.InfiniteTimeSpan);
            Leave();
        }

        _working.GetAwaiter().GetResult();
    }

    private void Take()
    {
        try
        {
            // Records of the topic come too, and are let go.
            _consumer.Consume(Poll);
        }
        catch (ConsumeException failure) when (
            KafkaFailures.IsTransient(failure.Error) || failure.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            // librdkafka goes on by itself; it only tells. Where in the topic it stands does not matter.
        }
        catch (KafkaException failure)
        {
            throw KafkaFailures.Of(failure.Error, $"standing in the group {_group}", _log.Options, failure);
        }
    }

    /// <summary>Another may lead by now: this process was paused, or waited too long for its own work to end.</summary>
    private void JoinAgain()
    {
        _logger.SilentForASession(_group, _session);
        EndTerm(Timeout.InfiniteTimeSpan);
        _consumer.Unsubscribe();
        _consumer.Subscribe(_log.At(_topic, 0).Topic);
    }

    private List<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        if (partitions.Exists(partition => partition.Partition == 0) && _term is null)
        {
            // The group has just answered.
            Volatile.Write(ref _polledAt, _clock.GetTimestamp());
            _term = new LeadershipTerm(() => !WasSilent, _abandoning);
            var term = _term;
            Stand(LeadershipState.Active);
            _working = Task.Run(() => _work(term));
        }

        if (_term is null) Stand(LeadershipState.Standby);
        return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.End))];
    }

    private void OnTaken(List<TopicPartitionOffset> partitions)
    {
        if (partitions.Exists(partition => partition.Partition == 0)) EndTerm(Timeout.InfiniteTimeSpan);
    }

    // Waits for what is under way: nothing of this term is sent after the resignation.
    private void EndTerm(TimeSpan patience)
    {
        if (_term is not { } term) return;
        term.End();
        ((IAsyncResult)_working).AsyncWaitHandle.WaitOne(patience);
        _term = null;
        term.Dispose();
        Stand(LeadershipState.Joining);
    }

    private void Stand(LeadershipState state)
    {
        if (Interlocked.Exchange(ref _state, (int)state) == (int)state) return;
        _logger.LeadershipChanged(_group, state switch
        {
            LeadershipState.Active => "active",
            LeadershipState.Standby => "standby, since another process is active",
            _ => "joining",
        });
    }
}
