using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Contracts;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>What a topic is to be like.</summary>
/// <param name="Partitions">Null takes what a topic that exists has.</param>
/// <param name="Retention">Null keeps for ever.</param>
/// <param name="IsCompacted">Whether old values of a key go, instead of old values.</param>
/// <param name="IsRewritten">Whether each key is written again and again: then it is compacted early, since it is read whole.</param>
internal sealed record TopicPlan(string Topic, int? Partitions, TimeSpan? Retention, bool IsCompacted, bool IsRewritten = false)
{
    // Enough that several sinks share the work, few enough that a small broker does not notice.
    public const int DefaultPartitions = 6;

    public static IReadOnlyList<TopicPlan> All(KafkaOptions options, int? partitions) =>
    [
        new(Topics.StockTrades, partitions, options.Retention, IsCompacted: false),
        new(Topics.DeadLetters, partitions, 4 * options.Retention, IsCompacted: false),

        // One partition: changes have one order, and every role reads them all.
        new(Topics.SymbolChanges, 1, null, IsCompacted: true),
        new(Topics.CaptureState, 1, null, IsCompacted: true, IsRewritten: true),
    ];
}

/// <summary>A topic as it is.</summary>
/// <param name="Id">Null where librdkafka (before 2.3) or the broker (before 2.8) does not tell.</param>
internal sealed record TopicState(int Partitions, string? Id);

/// <summary>
/// Creates the topics that are missing and compares the others with the plan. Every question has a deadline: some brokers, and
/// every broker for some users, do not answer all of them.
/// </summary>
internal sealed class KafkaTopics(IAdminClient admin, KafkaOptions options, TimeProvider clock, ILogger logger)
{
    /// <summary>Largest record taken; topics created here are told so.</summary>
    public const int MaxRecordBytes = 8 << 20;

    private const string Cleanup = "cleanup.policy";
    private const string RetentionMs = "retention.ms";

    /// <summary>The topics as they are in the end, by their names without prefix.</summary>
    /// <exception cref="ConfigurationException">Lists every difference that would lose or misplace records, and how to mend it.</exception>
    /// <exception cref="Warehouse.StorageException">The brokers cannot be reached.</exception>
    public async Task<Dictionary<string, TopicState>> EnsureAsync(IReadOnlyList<TopicPlan> plans, CancellationToken cancellationToken)
    {
        var missing = plans.Where(plan => PartitionsOf(plan) is null).ToList();
        var faults = new List<string>();
        if (missing.Count > 0) faults.AddRange(await CreateAsync(missing, cancellationToken));
        if (faults.Count > 0) throw ConfigurationException.Of(faults);

        faults = await CompareAsync([.. plans.Except(missing)]);
        if (faults.Count > 0) throw ConfigurationException.Of(faults);

        return await StatesAsync(plans);
    }

    /// <summary>
    /// What of the topics does not fit the plan, each with how to mend it; those that are missing count where none are created.
    /// </summary>
    /// <exception cref="Warehouse.StorageException">The brokers cannot be reached.</exception>
    public async Task<List<string>> CompareAsync(IReadOnlyList<TopicPlan> plans)
    {
        var partitions = plans.ToDictionary(plan => plan, PartitionsOf);
        var found = plans.Where(plan => partitions[plan] is not null).ToList();
        var configs = await DescribeAsync(found);
        return
        [
            .. options.CreateTopics ? [] : MissingFaults(plans.Except(found)),
            .. found.SelectMany(plan => Compare(plan, partitions[plan]!.Value, configs.GetValueOrDefault(plan.Topic))),
        ];
    }

    /// <summary>Those of the topics that are there, whatever they are like.</summary>
    /// <exception cref="Warehouse.StorageException">The brokers cannot be reached.</exception>
    public async Task<Dictionary<string, TopicState>> FindAsync(IReadOnlyList<TopicPlan> plans)
    {
        var found = plans.Where(plan => PartitionsOf(plan) is not null).ToList();
        return await StatesAsync(found);
    }

    /// <param name="there">Plans of topics that are there.</param>
    private async Task<Dictionary<string, TopicState>> StatesAsync(IReadOnlyList<TopicPlan> there)
    {
        var ids = there.Count == 0 ? [] : await IdsAsync(there);
        return there.ToDictionary(
            plan => plan.Topic,
            plan => new TopicState(PartitionsOf(plan)!.Value, ids.GetValueOrDefault(plan.Topic)),
            StringComparer.Ordinal);
    }

    private string NameOf(TopicPlan plan) => options.TopicPrefix + plan.Topic;

    /// <returns>Null when there is no such topic.</returns>
    private int? PartitionsOf(TopicPlan plan)
    {
        try
        {
            // Of all topics: asked for one by its name, some brokers create it.
            var topic = admin.GetMetadata(options.AdminTimeout).Topics.Find(topic => topic.Topic == NameOf(plan));
            if (topic is null || topic.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic) return null;
            if (topic.Error.IsError && topic.Error.Code != ErrorCode.LeaderNotAvailable)
            {
                throw KafkaFailures.Of(topic.Error, $"asking for topic {NameOf(plan)}", options);
            }

            return topic.Partitions.Count == 0 ? null : topic.Partitions.Count;
        }
        catch (KafkaException failure)
        {
            throw KafkaFailures.Of(failure.Error, $"asking for topic {NameOf(plan)}", options, failure);
        }
    }

    private async Task<List<string>> CreateAsync(List<TopicPlan> missing, CancellationToken cancellationToken)
    {
        if (!options.CreateTopics) return [.. MissingFaults(missing)];
        try
        {
            await admin.CreateTopicsAsync(
                missing.Select(plan => new TopicSpecification
                {
                    Name = NameOf(plan),
                    NumPartitions = plan.Partitions ?? TopicPlan.DefaultPartitions,
                    ReplicationFactor = options.ReplicationFactor,
                    Configs = ConfigsOf(plan),
                }),
                new CreateTopicsOptions { RequestTimeout = options.AdminTimeout, OperationTimeout = options.AdminTimeout });
        }
        catch (CreateTopicsException failure) when (
            failure.Results.TrueForAll(result => !result.Error.IsError || result.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Another process was faster; what it made is compared at the next start.
        }
        catch (CreateTopicsException failure)
        {
            return
            [
                .. failure.Results
                    .Where(result => result.Error.IsError && result.Error.Code != ErrorCode.TopicAlreadyExists)
                    .Select(result => $"Kafka did not create topic {result.Topic} ({result.Error.Reason}). "
                        + $"{HowToCreateAfter(result.Error, missing.First(plan => NameOf(plan) == result.Topic))}"),
            ];
        }
        catch (KafkaException failure)
        {
            return [.. missing.Select(plan => $"Kafka did not create topic {NameOf(plan)} ({failure.Error.Reason}). {HowToCreate(plan)}")];
        }

        foreach (var plan in missing)
        {
            logger.TopicCreated(NameOf(plan), plan.Partitions ?? TopicPlan.DefaultPartitions);
        }

        return await WaitUntilThereAsync(missing, cancellationToken);
    }

    private IEnumerable<string> MissingFaults(IEnumerable<TopicPlan> missing) =>
        missing.Select(plan => $"Kafka has no topic {NameOf(plan)} and Kafka:CreateTopics is off. {HowToCreate(plan)}");

    // A topic is created before every broker knows it.
    private async Task<List<string>> WaitUntilThereAsync(List<TopicPlan> created, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (created.Exists(plan => PartitionsOf(plan) is null))
        {
            if (clock.GetElapsedTime(started) > options.AdminTimeout)
            {
                return [$"Kafka created the topics but does not list them after {options.AdminTimeout}; start again."];
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), clock, cancellationToken);
        }

        return [];
    }

    private IEnumerable<string> Compare(TopicPlan plan, int partitions, Dictionary<string, string>? configs)
    {
        if (plan.Partitions is { } wanted && wanted != partitions)
        {
            yield return plan.IsCompacted
                ? $"Topic {NameOf(plan)} has {partitions} partitions where it needs exactly 1: its records have one order. Create it anew "
                    + "under another Kafka:TopicPrefix."
                : $"Topic {NameOf(plan)} has {partitions} partitions, configured are {wanted}. Set CRYPTO__Log__Partitions={partitions}, "
                    + "or leave it out to take what is there.";
        }

        if (configs is null) yield break;
        var cleanup = configs.GetValueOrDefault(Cleanup, "");
        if (plan.IsCompacted && cleanup.Contains("delete", StringComparison.Ordinal) && configs.GetValueOrDefault(RetentionMs) != "-1")
        {
            yield return $"Topic {NameOf(plan)} has {Cleanup}={cleanup}, which forgets symbols after {RetentionMs}. "
                + $"{HowToAlter(plan, $"{Cleanup}=compact")}";
        }

        if (!plan.IsCompacted && cleanup.Contains("compact", StringComparison.Ordinal))
        {
            yield return $"Topic {NameOf(plan)} has {Cleanup}={cleanup}, which drops all but the latest record of each symbol. "
                + $"{HowToAlter(plan, $"{Cleanup}=delete")}";
        }

        if (plan.Retention is { } retention
            && long.TryParse(configs.GetValueOrDefault(RetentionMs), CultureInfo.InvariantCulture, out var kept)
            && kept >= 0 && kept < retention.TotalMilliseconds)
        {
            logger.ShortRetention(
                NameOf(plan), TimeSpan.FromMilliseconds(kept), retention,
                HowToAlter(plan, $"{RetentionMs}={(long)retention.TotalMilliseconds}"));
        }
    }

    private async Task<Dictionary<string, Dictionary<string, string>>> DescribeAsync(List<TopicPlan> plans)
    {
        if (plans.Count == 0) return [];
        try
        {
            var described = await admin.DescribeConfigsAsync(
                plans.Select(plan => new ConfigResource { Type = ResourceType.Topic, Name = NameOf(plan) }),
                new DescribeConfigsOptions { RequestTimeout = options.ConfigTimeout });
            return described.ToDictionary(
                result => result.ConfigResource.Name[options.TopicPrefix.Length..],
                result => result.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Value, StringComparer.Ordinal),
                StringComparer.Ordinal);
        }
        catch (KafkaException failure)
        {
            logger.TopicsNotCompared(failure.Error.Reason);
            return [];
        }
    }

    private async Task<Dictionary<string, string?>> IdsAsync(IReadOnlyList<TopicPlan> plans)
    {
        if (KafkaNative.Version < new Version(2, 3)) return [];
        try
        {
            var described = await admin.DescribeTopicsAsync(
                TopicCollection.OfTopicNames(plans.Select(NameOf)), new DescribeTopicsOptions { RequestTimeout = options.ConfigTimeout });
            return described.TopicDescriptions.ToDictionary(
                topic => topic.Name[options.TopicPrefix.Length..], topic => topic.TopicId?.ToString(), StringComparer.Ordinal);
        }
        catch (KafkaException failure)
        {
            logger.TopicIdsUnknown(failure.Error.Reason);
            return [];
        }
    }

    private static Dictionary<string, string> ConfigsOf(TopicPlan plan)
    {
        var configs = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Cleanup] = plan.IsCompacted ? "compact" : "delete",
            [RetentionMs] = plan.Retention is { } retention
                ? ((long)retention.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)
                : "-1",
            ["max.message.bytes"] = MaxRecordBytes.ToString(CultureInfo.InvariantCulture),
        };
        if (!plan.IsRewritten) return configs;

        // Only closed segments are compacted, and one of the usual gigabyte would not close for days. Not smaller than the largest record.
        configs["segment.bytes"] = (2 * MaxRecordBytes).ToString(CultureInfo.InvariantCulture);
        configs["min.cleanable.dirty.ratio"] = "0.1";
        return configs;
    }

    // Brokers before 2.4 have no default number of replicas.
    private string HowToCreateAfter(Error error, TopicPlan plan) =>
        error.Code == ErrorCode.Local_UnsupportedFeature && options.ReplicationFactor == -1
        ? "Say how many replicas it is to have: CRYPTO__Kafka__ReplicationFactor=3."
        : HowToCreate(plan);

    private string HowToCreate(TopicPlan plan) =>
        $"Create it: kafka-topics.sh --bootstrap-server {options.BootstrapServers} --create --topic {NameOf(plan)} --partitions "
        + $"{plan.Partitions ?? TopicPlan.DefaultPartitions} "
        + string.Join(' ', ConfigsOf(plan).Select(pair => $"--config {pair.Key}={pair.Value}"));

    private string HowToAlter(TopicPlan plan, string config) =>
        $"Alter it: kafka-configs.sh --bootstrap-server {options.BootstrapServers} --alter --topic {NameOf(plan)} --add-config {config}";
}
