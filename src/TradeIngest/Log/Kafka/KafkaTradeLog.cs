using System.Collections.Concurrent;
using Confluent.Kafka;
using Crypto.TradeIngest.Contracts;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// The trade log on a Kafka cluster. An append is acknowledged by all in-sync replicas before it returns; what of it landed when it
/// fails is not known, so readers see such records once or twice. Retention is the topic's own.
/// </summary>
internal sealed class KafkaTradeLog : ITradeLog
{
    private readonly KafkaOptions _options;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, TopicState> _topics;
    private readonly KafkaProducer _producer;
    private readonly Lock _asking = new();
    private IConsumer<Ignore, int>? _offsets;

    private KafkaTradeLog(KafkaOptions options, string clusterId, Dictionary<string, TopicState> topics, TimeProvider clock, ILogger logger)
    {
        _options = options;
        _logger = logger;
        _topics = new(topics, StringComparer.Ordinal);
        Clock = clock;
        Epoch = $"kafka:{clusterId}";
        _producer = new KafkaProducer(options, clock, logger);
    }

    /// <summary>The cluster. A position also needs the topic's own identity: see <see cref="EpochOf"/>.</summary>
    public string Epoch { get; }

    public int Partitions => PartitionsOf(Topics.StockTrades);

    /// <summary>The options it was opened with.</summary>
    public KafkaOptions Options => _options;

    public bool IsShared => true;

    internal TimeProvider Clock { get; }

    public AppendStatus Appends => new(_producer.BytesInFlight, _producer.Stalls, _producer.Retries);

    /// <summary>Its topics, by their names without prefix.</summary>
    public IReadOnlyCollection<string> TopicNames => [.. _topics.Keys];

    /// <summary>Reaches the cluster, creates or checks the topics.</summary>
    /// <exception cref="Configuration.ConfigurationException">A topic differs from the plan.</exception>
    /// <exception cref="StorageException">The cluster is out of reach, or refuses this user.</exception>
    /// <exception cref="LogException">librdkafka is not installed.</exception>
    public static Task<KafkaTradeLog> OpenAsync(
        KafkaOptions options, IReadOnlyList<TopicPlan> plans, TimeProvider clock, ILogger logger, CancellationToken cancellationToken) =>
        AskAsync(
            options, async (admin, topics) =>
                Of(options, admin, await topics.EnsureAsync(plans, cancellationToken), clock, logger), clock, logger, cancellationToken);

    /// <summary>
    /// As <see cref="OpenAsync"/>, but takes what is there: creates nothing, and minds neither differences nor missing topics.
    /// </summary>
    /// <exception cref="StorageException">The cluster is out of reach, or refuses this user.</exception>
    /// <exception cref="LogException">librdkafka is not installed.</exception>
    public static Task<KafkaTradeLog> FindAsync(
        KafkaOptions options, TimeProvider clock, ILogger logger, CancellationToken cancellationToken) =>
        AskAsync(
            options, async (admin, topics) =>
                Of(options, admin, await topics.FindAsync(TopicPlan.All(options, null)), clock, logger), clock, logger,
            cancellationToken);

    /// <summary>What of the topics does not fit the plan, each with how to mend it. Creates nothing.</summary>
    /// <exception cref="StorageException">The cluster is out of reach, or refuses this user.</exception>
    /// <exception cref="LogException">librdkafka is not installed.</exception>
    public static Task<List<string>> CompareAsync(
        KafkaOptions options, IReadOnlyList<TopicPlan> plans, TimeProvider clock, ILogger logger, CancellationToken cancellationToken) =>
        AskAsync(options, (_, topics) => topics.CompareAsync(plans), clock, logger, cancellationToken);

    private static KafkaTradeLog Of(
        KafkaOptions options, IAdminClient admin, Dictionary<string, TopicState> topics, TimeProvider clock, ILogger logger)
    {
        var clusterId = KafkaNative.ClusterId(admin, options.AdminTimeout) ?? throw KafkaFailures.Of(
            new Error(ErrorCode.Local_TimedOut), "asking for the cluster's id", options);
        return new KafkaTradeLog(options, clusterId, topics, clock, logger);
    }

    private static async Task<T> AskAsync<T>(
        KafkaOptions options, Func<IAdminClient, KafkaTopics, Task<T>> ask, TimeProvider clock, ILogger logger,
        CancellationToken cancellationToken)
    {
        KafkaNative.Load();
        Error? refusal = null;
        var admin = KafkaSettings.Build(() => new AdminClientBuilder(KafkaSettings.Admin(options))
            .SetLogHandler((_, message) => KafkaLogging.Write(logger, message))
            .SetErrorHandler((_, error) =>
            {
                if (KafkaFailures.IsRefusal(error)) refusal = error;
                KafkaLogging.Write(logger, error);
            })
            .Build());
        try
        {
            return await Task.Run(() => ask(admin, new KafkaTopics(admin, options, clock, logger)), cancellationToken);
        }
        catch (StorageException failure) when (failure.IsTransient && refusal is not null)
        {
            // What was asked only met a connection that did not come up; why, librdkafka tells beside it.
            throw KafkaFailures.Of(refusal, "connecting", options, failure);
        }
        finally
        {
            KafkaClosing.TryClose(admin.Dispose, "The administration client", options.CloseTimeout, logger);
        }
    }

    /// <summary>
    /// Cluster and topic id, so that a topic that was deleted and made anew is another one; the cluster alone where it tells no ids.
    /// </summary>
    public string EpochOf(string topic) => _topics.TryGetValue(topic, out var state) && state.Id is { } id ? $"{Epoch}/{id}" : Epoch;

    public int PartitionsOf(string topic) => _topics.TryGetValue(topic, out var state)
        ? state.Partitions
        : throw new ArgumentException($"Topic {topic} is not among those this log was opened with.", nameof(topic));

    public ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken) =>
        _producer.AppendAsync(_options.TopicPrefix + topic, records, cancellationToken);

    public ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions) => new KafkaLogReader(this, topic, positions);

    public ILogConsumer OpenConsumer(string topic, IBatchHandler handler, ConsumerMetrics metrics, TimeProvider clock, ILogger logger) =>
        new KafkaGroupConsumer(this, topic, handler, metrics, logger);

    public ILeaderElection Elect(string name, TimeProvider clock, ILogger logger) =>
        new KafkaLeaderElection(this, Topics.SymbolChanges, $"{_options.Group}-{name}", clock, logger);

    public ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken) =>
        new(Task.Run(() => Offsets(topic, partition), cancellationToken));

    /// <summary>Removes nothing: the broker does, by the topic's retention.</summary>
    public async ValueTask<long> TrimAsync(
        string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken) =>
        (await OffsetsAsync(topic, partition, cancellationToken)).First;

    public async ValueTask DisposeAsync()
    {
        await _producer.DisposeAsync();
        if (_offsets is not { } offsets) return;
        await Task.Run(() => TryClose(
            () =>
            {
                lock (_asking) offsets.Dispose();
            },
            "The consumer that asks for offsets"));
    }

    /// <summary>A consumer of this cluster that keeps the value's bytes in <paramref name="values"/>.</summary>
    internal IConsumer<Ignore, int> Consume(
        IDeserializer<int> values, bool isMember, string? group = null, Action<ConsumerBuilder<Ignore, int>>? handlers = null,
        string? instance = null)
    {
        var builder = new ConsumerBuilder<Ignore, int>(KafkaSettings.Consumer(_options, isMember, group, instance))
            .SetValueDeserializer(values)
            .SetLogHandler((_, message) => KafkaLogging.Write(_logger, message))
            .SetErrorHandler((_, error) => KafkaLogging.Write(_logger, error));
        handlers?.Invoke(builder);
        return KafkaSettings.Build(builder.Build);
    }

    /// <summary>
    /// A group per topic, so that a rebalance of one does not stop the other: the group named, and with a suffix for dead letters.
    /// </summary>
    internal string GroupOf(string topic) => topic == Topics.DeadLetters ? $"{_options.Group}-dlq" : _options.Group;

    /// <inheritdoc cref="KafkaClosing.TryClose"/>
    internal bool TryClose(Action close, string what) => KafkaClosing.TryClose(close, what, _options.CloseTimeout, _logger);

    /// <summary>The topic was seen to have at least so many partitions: some were added since the log was opened.</summary>
    internal void NotePartitions(string topic, int partitions)
    {
        if (_topics.TryGetValue(topic, out var known) && known.Partitions < partitions)
        {
            _topics[topic] = known with { Partitions = partitions };
        }
    }

    internal TopicPartition At(string topic, int partition) => new(_options.TopicPrefix + topic, partition);

    internal OffsetRange Offsets(string topic, int partition)
    {
        try
        {
            lock (_asking)
            {
                _offsets ??= Consume(new NoValues(), isMember: false);
                var range = _offsets.QueryWatermarkOffsets(At(topic, partition), _options.AdminTimeout);
                return new OffsetRange(range.Low, range.High);
            }
        }
        catch (KafkaException failure)
        {
            throw KafkaFailures.Of(failure.Error, $"asking for the offsets of {topic}/{partition}", _options, failure);
        }
    }

    private sealed class NoValues : IDeserializer<int>
    {
        public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => data.Length;
    }
}
