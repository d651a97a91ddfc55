using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;
using Timestamp = Crypto.TradeModel.Times.Timestamp;

namespace Crypto.TradeIngest.Reference.ChangeDataCapture;

/// <summary>
/// Change events in a Kafka topic, as a Debezium connector writes them (see <see cref="ChangeEnvelope"/>). Read on from the offsets
/// that the group stores after what was read has been applied: what is read twice is the same change. What is no such event goes to
/// the dead letters.
/// </summary>
internal sealed class ChangeEventTopic(
    KafkaTradeLog log, string topic, ISymbolChangeLog changeLog, ReferenceMetrics metrics, TimeProvider clock,
    ILogger<ChangeEventTopic> logger) : IDisposable
{
    private const int EventsPerApply = 1024;

    // Exceeded by one event at most.
    private const int BytesPerApply = 8 << 20;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private readonly IConsumer<Ignore, byte[]?> _consumer = KafkaSettings.Build(new ConsumerBuilder<Ignore, byte[]?>(
            new ConsumerConfig(KafkaSettings.Consumer(log.Options, isMember: false, $"{log.Options.Group}-changes")
                .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal))
            {
                // From the first event kept: a snapshot or the table's whole history.
                AutoOffsetReset = AutoOffsetReset.Earliest,
                EnablePartitionEof = false,
                ConsumeResultFields = "topic",
            })
        .SetValueDeserializer(new NullableBytes())
        .SetLogHandler((_, message) => KafkaLogging.Write(logger, message))
        .SetErrorHandler((_, error) => KafkaLogging.Write(logger, error))
        .Build);

    private bool _hasLeft;

    /// <summary>Reads and applies until canceled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => RunOnThreadAsync(cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    public void Dispose()
    {
        if (!_hasLeft) Leave();
    }

    private void Leave()
    {
        _hasLeft = true;
        log.TryClose(_consumer.Close, $"The consumer of {topic}");
    }

    private async Task RunOnThreadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(cancellationToken);
        }
        finally
        {
            Leave();
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        _consumer.Subscribe(topic);
        var read = new List<ConsumeResult<Ignore, byte[]?>>();
        var backoff = new Backoff(BackoffOptions.Default, clock);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                if (read.Count == 0) Take(read);
                if (read.Count > 0) await ApplyOrWaitAsync(read, backoff, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Not stored as read, so read again by the next.
        }
    }

    private void Take(List<ConsumeResult<Ignore, byte[]?>> read)
    {
        try
        {
            var bytes = 0;
            while (read.Count < EventsPerApply && bytes < BytesPerApply
                && _consumer.Consume(read.Count == 0 ? Poll : TimeSpan.Zero) is { } result)
            {
                read.Add(result);
                bytes += result.Message.Value?.Length ?? 0;
            }
        }
        catch (ConsumeException failure) when (
            KafkaFailures.IsTransient(failure.Error) || failure.Error.Code == ErrorCode.UnknownTopicOrPart)
        {
            // The connector makes the topic with its first event. librdkafka goes on by itself.
            logger.ChangeTopicUnreadable(topic, failure.Error.Reason);
        }
        catch (KafkaException failure)
        {
            throw KafkaFailures.Of(failure.Error, $"reading {topic}", log.Options, failure);
        }
    }

    private async Task ApplyOrWaitAsync(List<ConsumeResult<Ignore, byte[]?>> read, Backoff backoff, CancellationToken cancellationToken)
    {
        try
        {
            await ApplyAsync(read, cancellationToken);
            read.Clear();
            backoff.Reset();
        }
        catch (StorageException failure) when (failure.IsTransient)
        {
            var again = backoff.Next();
            logger.ChangeTopicPostponed(topic, read.Count, again, failure.Message);
            await Task.Delay(again, clock, cancellationToken);
        }
    }

    private async Task ApplyAsync(List<ConsumeResult<Ignore, byte[]?>> read, CancellationToken cancellationToken)
    {
        var now = Timestamp.Now(clock);
        var changes = new List<SymbolChange>();
        using var letters = new RecordBatch();
        foreach (var result in read)
        {
            // A tombstone only tells Kafka that it may compact.
            if (result.Message.Value is not { } value) continue;
            try
            {
                changes.AddRange(ChangeEnvelope.Read(value, now));
            }
            catch (FormatException fault)
            {
                var letter = LetterOf(result, value, fault, now);
                logger.ChangeRecordMalformed(letter.Detail);
                letters.Add(Encoding.UTF8.GetBytes(letter.Reason.ToString()), DeadLetterJson.Write(letter));
            }
        }

        await log.AppendAsync(Topics.DeadLetters, letters, cancellationToken);
        await changeLog.ApplyAsync(changes, cancellationToken);
        Commit(read);
        metrics.ChangeEvents.Add(read.Count - letters.Count);
        metrics.MalformedEvents.Add(letters.Count);
    }

    // As of a file's line: read again, it is the same dead letter.
    private static DeadLetter LetterOf(ConsumeResult<Ignore, byte[]?> result, byte[] value, FormatException fault, Timestamp now) =>
        DeadLetter.Of(
        fault.InnerException is JsonException ? ErrorReason.MalformedJson : ErrorReason.WrongType,
        $"{result.Topic}/{result.Partition.Value} offset {result.Offset.Value}: {fault.Message}", IngestSource.Replay, now, value);

    private void Commit(List<ConsumeResult<Ignore, byte[]?>> read)
    {
        try
        {
            _consumer.Commit(read
                .GroupBy(result => result.TopicPartition)
                .Select(partition => new TopicPartitionOffset(partition.Key, partition.Max(result => result.Offset.Value) + 1)));
        }
        catch (KafkaException failure)
        {
            // The next commit says it again; if there is none, these events are read again and change nothing.
            logger.ChangeTopicNotCommitted(topic, failure.Error.Reason);
        }
    }

    private sealed class NullableBytes : IDeserializer<byte[]?>
    {
        public byte[]? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? null : data.ToArray();
    }
}
