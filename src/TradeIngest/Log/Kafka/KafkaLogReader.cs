using Confluent.Kafka;
using Timestamp = Crypto.TradeModel.Times.Timestamp;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Reads partitions assigned by hand, from offsets given by the caller. librdkafka fetches ahead up to a bound and stops there, which
/// is all the back-pressure needed: nobody is waited for by a group.
/// </summary>
internal sealed class KafkaLogReader : ILogReader
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly KafkaTradeLog _log;
    private readonly string _topic;
    private readonly ValueBuffer _values = new();
    private readonly Dictionary<int, PartitionRun> _runs;
    private readonly Queue<PartitionRun> _ready = new();
    private readonly SemaphoreSlim _reading = new(1, 1);
    private IConsumer<Ignore, int>? _consumer;
    private PartitionRun? _handedOut;
    private int _takenBytes;

    public KafkaLogReader(KafkaTradeLog log, string topic, IReadOnlyDictionary<int, long> positions)
    {
        _log = log;
        _topic = topic;
        _runs = positions.ToDictionary(pair => pair.Key, pair => new PartitionRun(pair.Key, pair.Value));
    }

    public async ValueTask<ConsumedBatch> ReadAsync(int maxRecords, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (NextReady(maxRecords) is { } slice) return slice;

            // The client offers no other wait than one that holds a thread.
            await Task.Run(() => Take(Poll), CancellationToken.None);
        }
    }

    /// <summary>As the interface says. At the end of what it has it asks the brokers whether there is more.</summary>
    public ConsumedBatch? TryRead(int maxRecords)
    {
        if (NextReady(maxRecords) is { } slice) return slice;
        foreach (var (partition, run) in _runs)
        {
            var end = _log.Offsets(_topic, partition).Next;
            var waited = TimeSpan.Zero;
            while (run.Position < end && _ready.Count == 0)
            {
                if (Take(Poll)) waited = TimeSpan.Zero;
                else if ((waited += Poll) > _log.Options.AdminTimeout) throw KafkaFailures.Of(
                    new Error(ErrorCode.Local_TimedOut), $"reading {_topic}/{partition}", _log.Options);
            }

            if (_ready.Count > 0) return NextReady(maxRecords);
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _reading.WaitAsync(CancellationToken.None);
        if (_consumer is { } consumer) await Task.Run(() => _log.TryClose(consumer.Dispose, $"The reader of {_topic}"));
        foreach (var run in _runs.Values) run.Dispose();
        _reading.Dispose();
    }

    private ConsumedBatch? NextReady(int maxRecords)
    {
        _handedOut?.Clear();
        _handedOut = null;
        if (_ready.Count == 0)
        {
            // Each goes to its partition's run, so that slices stay long when partitions alternate.
            _takenBytes = 0;
            for (var taken = 0; taken < maxRecords && _takenBytes < ConsumedBatch.MaxBytes && Take(TimeSpan.Zero);) taken++;
        }

        while (_ready.TryDequeue(out var run))
        {
            if (run.Count == 0) continue;
            _handedOut = run;
            return run.Take();
        }

        return null;
    }

    /// <returns>False when nothing came.</returns>
    private bool Take(TimeSpan timeout)
    {
        _reading.Wait(CancellationToken.None);
        try
        {
            _consumer ??= Assign();
            if (_consumer.Consume(timeout) is not { } result) return false;
            var run = _runs[result.Partition.Value];
            if (result.IsPartitionEOF)
            {
                run.SkipTo(result.Offset.Value);
                return true;
            }

            if (run.Count == 0) _ready.Enqueue(run);
            _takenBytes += _values.Last.Length;
            run.Add(result.Offset.Value, new Timestamp(result.Message.Timestamp.UnixTimestampMs * 1000), _values.Last);
            return true;
        }
        catch (ConsumeException failure) when (failure.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            foreach (var (partition, run) in _runs) CheckRange(partition, run);
            throw Gone(failure);
        }
        catch (ConsumeException failure) when (KafkaFailures.IsTransient(failure.Error))
        {
            // librdkafka goes on by itself; it only tells.
            return false;
        }
        catch (KafkaException failure)
        {
            throw KafkaFailures.Of(failure.Error, $"reading {_topic}", _log.Options, failure);
        }
        finally
        {
            _reading.Release();
        }
    }

    private IConsumer<Ignore, int> Assign()
    {
        foreach (var (partition, run) in _runs) CheckRange(partition, run);
        var consumer = _log.Consume(_values, isMember: false);
        consumer.Assign(_runs.Values.Select(run => new TopicPartitionOffset(_log.At(_topic, run.Partition), run.Position)));
        return consumer;
    }

    private void CheckRange(int partition, PartitionRun run) =>
        KafkaPositions.Check(_topic, partition, run.Position, _log.Offsets(_topic, partition));

    private LogException Gone(Exception inner) =>
        new($"{_topic}: the brokers no longer have the next records. Start again; the message will name them.", inner);
}
