using Confluent.Kafka;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>Turns the options into what librdkafka is started with: what this service needs, then what the operator added.</summary>
internal static class KafkaSettings
{
    // Before 2.1.0, closing a member of a cooperative-sticky group may abort the process (an assertion in its assignor).
    private const int FirstWithSoundStickyAssignor = 0x020100ff;

    private const string FileSuffix = ".file";

    // What exactly-once in effect rests on, or what another option says.
    private static readonly Dictionary<string, string> Fixed = new(StringComparer.Ordinal)
    {
        ["bootstrap.servers"] = "set Kafka:BootstrapServers",
        ["metadata.broker.list"] = "set Kafka:BootstrapServers",
        ["group.id"] = "set Kafka:Group",
        ["group.instance.id"] = "set Kafka:InstanceId",
        ["enable.idempotence"] = "the producer is always idempotent",
        ["acks"] = "it is always all",
        ["request.required.acks"] = "it is always all",
        ["partitioner"] = "it is always murmur2_random, that of the Java client",
        ["enable.auto.commit"] = "positions are the warehouse's",
        ["enable.auto.offset.store"] = "positions are the warehouse's",
        ["auto.offset.reset"] = "positions are the warehouse's; see run --reset",
        ["enable.partition.eof"] = "the reader needs it",
        ["partition.assignment.strategy"] = "it is chosen by the version of librdkafka",
        ["isolation.level"] = "it is always read_committed",
    };

    /// <summary>Faults of the operator's settings: unknown names, values out of range, files that cannot be read.</summary>
    public static IEnumerable<string> Faults(IReadOnlyDictionary<string, string?> settings)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (written, value) in settings)
        {
            var (name, isFile) = NameOf(written);
            if (!names.Add(name)) yield return $"{name} is set twice";
            if (Fixed.TryGetValue(name, out var reason))
            {
                yield return $"{name} cannot be set: {reason}";
                continue;
            }

            if (isFile && ReadFault(value) is { } unreadable)
            {
                yield return $"the file for {name} cannot be read: {unreadable}. {written} takes the path of a file with the value";
                continue;
            }

            KafkaNative.Load();
            if (KafkaNative.FaultOf(name, ValueOf(isFile, value)) is { } fault)
            {
                // librdkafka repeats the value.
                yield return Secrets.IsSecretName(name) ? $"the value of {name} is refused by librdkafka {KafkaNative.Version}" : fault;
            }
        }
    }

    public static ProducerConfig Producer(KafkaOptions options) => new(Of(options, new(StringComparer.Ordinal)
    {
        ["enable.idempotence"] = "true",
        ["acks"] = "all",
        ["partitioner"] = "murmur2_random",
        ["compression.type"] = "lz4",

        // An append is a whole batch and waits for its acknowledgment: lingering would only add to it. Requests form while one is on its
        // way.
        ["linger.ms"] = "1",
        ["batch.size"] = "1000000",
        ["batch.num.messages"] = "10000",

        // Bytes in flight are bounded before the queue; this is the second line.
        ["queue.buffering.max.messages"] = "0",
        ["queue.buffering.max.kbytes"] = (((options.MaxBytesInFlight / 1024) + 1) * 4).ToString(
            System.Globalization.CultureInfo.InvariantCulture),
        ["message.max.bytes"] = KafkaTopics.MaxRecordBytes.ToString(System.Globalization.CultureInfo.InvariantCulture),

        // No message is given up while the process lives: a broker that is away makes the pipeline shed, which is counted and fetched
        // again.
        ["message.timeout.ms"] = "0",
        ["allow.auto.create.topics"] = "false",

        // The reports carry nothing that a counter does not know.
        ["dotnet.producer.delivery.report.fields"] = "none",
    }));

    /// <param name="options">Where to and as whom.</param>
    /// <param name="isMember">Whether it joins a group; else it is assigned by hand.</param>
    /// <param name="group">Which; the options' own by default.</param>
    /// <param name="instance">Its name as a static member, which has its partitions back at once after a restart.</param>
    public static ConsumerConfig Consumer(KafkaOptions options, bool isMember, string? group = null, string? instance = null)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["group.id"] = group ?? options.Group,
            ["enable.auto.commit"] = isMember ? "true" : "false",
            ["enable.auto.offset.store"] = "false",
            ["auto.offset.reset"] = "error",
            ["enable.partition.eof"] = "true",
            ["partition.assignment.strategy"] = Library.Version >= FirstWithSoundStickyAssignor ? "cooperative-sticky" : "range",
            ["isolation.level"] = "read_committed",
            ["allow.auto.create.topics"] = "false",
            ["fetch.wait.max.ms"] = "100",
            ["fetch.error.backoff.ms"] = "100",
            ["queued.max.messages.kbytes"] = "16384",
            ["message.max.bytes"] = KafkaTopics.MaxRecordBytes.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["dotnet.consumer.consume.result.fields"] = "timestamp",
        };
        if (instance is not null) settings["group.instance.id"] = instance;
        return new ConsumerConfig(Of(options, settings));
    }

    public static AdminClientConfig Admin(KafkaOptions options) =>
        new(Of(options, new(StringComparer.Ordinal) { ["allow.auto.create.topics"] = "false" }));

    /// <summary>Keeps the secret of a setting: its value, that of the file it names, or what it holds in place of such a name.</summary>
    public static void KeepSecret(string written, string? value)
    {
        var (name, isFile) = NameOf(written);
        // "probe" and a folder are what ssl.ca.location takes beside a file.
        var isPath = isFile || (name.EndsWith(".location", StringComparison.Ordinal) && value != "probe" && !Directory.Exists(value));
        if (isPath && ReadFault(value) is not null) Secrets.Keep(value);
        else if (Secrets.IsSecretName(name)) Secrets.Keep(ValueOf(isFile, value));
    }

    /// <summary>The client, or what librdkafka has against the settings together, such as a key that is none.</summary>
    /// <exception cref="ConfigurationException">It makes no client of them.</exception>
    public static T Build<T>(Func<T> build)
    {
        try
        {
            return build();
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException)
        {
            throw new ConfigurationException(
                $"Kafka: librdkafka {KafkaNative.Version} refuses the settings together: {failure.Message} See Kafka:Settings.", failure);
        }
    }

    private static Dictionary<string, string> Of(KafkaOptions options, Dictionary<string, string> settings)
    {
        settings["bootstrap.servers"] = options.BootstrapServers!;
        settings["client.id"] = "trade-ingest";
        foreach (var (written, value) in options.Settings)
        {
            var (name, isFile) = NameOf(written);
            settings[name] = ValueOf(isFile, value);
        }

        return settings;
    }

    // Names of settings have dots only, names in the environment best have none.
    private static (string Name, bool IsFile) NameOf(string written)
    {
        var name = written.ToLowerInvariant().Replace('_', '.');

        // These two of librdkafka's own name files themselves.
        var isFile = name.EndsWith(FileSuffix, StringComparison.Ordinal)
            && !name.StartsWith("sasl.oauthbearer.assertion.", StringComparison.Ordinal);
        return isFile ? (name[..^FileSuffix.Length], true) : (name, false);
    }

    private static string ValueOf(bool isFile, string? value) => isFile ? File.ReadAllText(value!).TrimEnd('\r', '\n') : value ?? "";

    private static string? ReadFault(string? path)
    {
        try
        {
            if (string.IsNullOrEmpty(path)) return "its name is empty";
            File.OpenRead(path).Dispose();
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Without its name, which may be the secret.
            return failure is UnauthorizedAccessException ? "this user may not read it, or it is a folder" : "there is no such file";
        }
    }
}
