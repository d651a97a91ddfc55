using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// The section <c>Kafka</c>. Secrets may stand in the environment (<c>CRYPTO__Kafka__Settings__SASL_PASSWORD</c>) or in a file
/// (<c>CRYPTO__Kafka__Settings__SASL_PASSWORD_FILE</c> names it); none is ever printed.
/// </summary>
internal sealed record KafkaOptions
{
    [Description("Brokers to ask first, as host:port separated by commas.")]
    [Address]
    public string? BootstrapServers { get; init; }

    [Description("Put before the name of every topic, so that several deployments share a cluster.")]
    public string TopicPrefix { get; init; } = "";

    [Description("The consumer group of the sinks; its members share one warehouse.")]
    public string Group { get; init; } = "trade-ingest";

    /// <summary>A static member: it keeps its partitions until its session ends, also when it stops in good order.</summary>
    [Description("This sink's name in the group, the same after a restart and another in each process: it has its partitions back at once; "
        + "without a value, after a kill, when its session ends.")]
    public string? InstanceId { get; init; }

    /// <summary>
    /// By librdkafka's own names (<c>sasl.username</c>) or written as in the environment (<c>SASL_USERNAME</c>). A name with <c>.file</c>
    /// (<c>_FILE</c>) behind it takes the value from that file.
    /// </summary>
    [Description("Settings of librdkafka, each a key of its own: CRYPTO__Kafka__Settings__SASL_USERNAME; with _FILE behind it, the file "
        + "that holds the value.")]
    public Dictionary<string, string?> Settings { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    [Description("Whether missing topics are created; without it a missing topic is a fault.")]
    public bool CreateTopics { get; init; } = true;

    [Description("Replicas of a topic created here; -1 takes the broker's default.")]
    [Within("1", "32767", Or = "-1")]
    public short ReplicationFactor { get; init; } = -1;

    [Description("How long topics created here keep trades; dead letters four times as long.")]
    [Within("1m", "3650d")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    [Description("Longest wait for an answer about topics and offsets.")]
    [Within("100ms", "5m")]
    public TimeSpan AdminTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Not every broker tells them and not every user may read them; after this they are taken as they are, with a warning.
    /// </summary>
    [Description("Longest wait for the topics' retention and compaction.")]
    [Within("100ms", "5m")]
    public TimeSpan ConfigTimeout { get; init; } = TimeSpan.FromSeconds(5);

    [Description("Most bytes handed to the producer and not yet acknowledged.")]
    [BytesWithin("1MiB", "16GiB")]
    public long MaxBytesInFlight { get; init; } = 32L << 20;

    /// <summary>One that catches up is ready however far behind it is.</summary>
    [Description("Records behind the end of its partitions beyond which a sink that falls further behind is not ready.")]
    [Within("0", "1000000000000")]
    public long MaxLag { get; init; } = 100_000;

    /// <summary>What was appended since is fetched again after a kill, as far as <see cref="TailRecords"/> does not show it.</summary>
    [Description("How often the ingest role writes down which ids are in the log.")]
    [Within("50ms", "1h")]
    public TimeSpan StateInterval { get; init; } = TimeSpan.FromSeconds(10);

    [Description("Records of each partition that a starting ingest role reads back beside that.")]
    [Within("0", "1000000000")]
    public int TailRecords { get; init; } = 50_000;

    /// <summary>Longest wait for a client to close; the service's <c>DrainTimeout</c> where one runs.</summary>
    [Derived]
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Nothing of the settings and servers, which may hold secrets.</summary>
    public override string ToString() => $"Kafka, group {Group}, {Settings.Count} settings";

    /// <summary>Every fault beside the ranges, none of them showing a value that may be secret; only where Kafka is used.</summary>
    public IEnumerable<OptionFault> Faults()
    {
        if (string.IsNullOrWhiteSpace(BootstrapServers)) yield return new(
            nameof(BootstrapServers), "is empty; set CRYPTO__Kafka__BootstrapServers=host:9092");
        else if (BootstrapServers.Contains('@', StringComparison.Ordinal))
        {
            yield return new(
                nameof(BootstrapServers),
                "holds a user name or password; put credentials under Kafka:Settings (sasl.username, sasl.password)");
        }

        if (Group.Length == 0) yield return new(nameof(Group), "is empty");
        if (InstanceId is { Length: 0 }) yield return new(nameof(InstanceId), "is empty; leave it out, or give this process a name of its "
            + "own");
        if (TopicPrefix.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '_' or '-')))
        {
            yield return new(nameof(TopicPrefix), $"'{TopicPrefix}' has letters other than a-z, A-Z, 0-9, '.', '_' and '-'");
        }

        foreach (var fault in KafkaSettings.Faults(Settings)) yield return new(nameof(Settings), fault);
    }
}
