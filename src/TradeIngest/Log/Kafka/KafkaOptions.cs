namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// The section <c>Kafka</c>. Secrets may stand in the environment (<c>CRYPTO__Kafka__Settings__SASL_PASSWORD</c>) or in a file
/// (<c>CRYPTO__Kafka__Settings__SASL_PASSWORD_FILE</c> names it); none is ever printed.
/// </summary>
internal sealed record KafkaOptions
{
    /// <summary>Brokers to ask first, as host:port separated by commas. No default.</summary>
    public string? BootstrapServers { get; init; }

    /// <summary>Put before the name of every topic, so that several deployments share a cluster. Default none.</summary>
    public string TopicPrefix { get; init; } = "";

    /// <summary>The consumer group of the sinks. Its members share one warehouse. Default <c>trade-ingest</c>.</summary>
    public string Group { get; init; } = "trade-ingest";

    /// <summary>
    /// Settings of librdkafka, by its own names (<c>sasl.username</c>) or written as in the environment (<c>SASL_USERNAME</c>). A name
    /// with <c>.file</c> (<c>_FILE</c>) behind it takes the value from that file.
    /// </summary>
    public Dictionary<string, string?> Settings { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether missing topics are created. Default true; without it a missing topic is a fault that says how to create it.</summary>
    public bool CreateTopics { get; init; } = true;

    /// <summary>Replicas of a topic created here; -1 takes the broker's default, which is the default.</summary>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>How long topics created here keep trades; dead letters four times as long. Default seven days; 1 minute to 3,650 days.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Longest wait for an answer about topics and offsets. Default 10 s.</summary>
    public TimeSpan AdminTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Longest wait for the retention and compaction of the topics, which not every broker tells and not every user may read; after it
    /// they are taken as they are, with a warning. Default 5 s.
    /// </summary>
    public TimeSpan ConfigTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most bytes handed to the producer and not yet acknowledged. Default 32 MiB; 1 MiB to 16 GiB.</summary>
    public long MaxBytesInFlight { get; init; } = 32L << 20;

    /// <summary>
    /// How often the ingest role writes down which ids of its symbols stand in the log. Default 10 s; what was appended since is
    /// fetched again after a kill, as far as <see cref="TailRecords"/> does not show it.
    /// </summary>
    public TimeSpan StateInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Records of each partition that a starting ingest reads back beside that. Default 50,000; from 0.</summary>
    public int TailRecords { get; init; } = 50_000;

    /// <summary>Nothing of the settings and servers, which may hold secrets.</summary>
    public override string ToString() => $"Kafka, group {Group}, {Settings.Count} settings";

    /// <summary>Every fault, none of them showing a value that may be secret.</summary>
    public IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(BootstrapServers)) yield return "BootstrapServers is empty; set CRYPTO__Kafka__BootstrapServers=host:9092";
        else if (BootstrapServers.Contains('@', StringComparison.Ordinal))
        {
            yield return "BootstrapServers holds a user name or password; put credentials under Kafka:Settings (sasl.username, sasl.password)";
        }

        if (Group.Length == 0) yield return "Group is empty";
        if (TopicPrefix.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '_' or '-')))
        {
            yield return $"TopicPrefix '{TopicPrefix}' has letters other than a-z, A-Z, 0-9, '.', '_' and '-'";
        }

        if (ReplicationFactor is 0 or < -1) yield return $"ReplicationFactor {ReplicationFactor} is neither -1 nor positive";
        foreach (var (name, value, from, to) in new[]
        {
            (nameof(Retention), Retention, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650)),
            (nameof(AdminTimeout), AdminTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            (nameof(ConfigTimeout), ConfigTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5)),
            (nameof(StateInterval), StateInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromHours(1)),
        })
        {
            if (value < from || value > to) yield return $"{name} {value} is not within {from} to {to}";
        }

        if (MaxBytesInFlight is < 1 << 20 or > 16L << 30) yield return $"MaxBytesInFlight {MaxBytesInFlight} is not within 1 MiB to 16 GiB";
        if (TailRecords < 0) yield return $"TailRecords {TailRecords} is negative";
        foreach (var fault in KafkaSettings.Faults(Settings)) yield return fault;
    }
}
