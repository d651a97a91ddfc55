using System.Runtime.InteropServices;
using Confluent.Kafka;
using Crypto.TradeIngest.Log.Kafka;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>
/// librdkafka's own mock brokers, in this process, over real TCP. It keeps about 5 MiB per partition, has no CreateTopics and no
/// fencing, and shows aborted transactions.
/// </summary>
internal sealed class MockCluster : IDisposable
{
    private const string Library = "librdkafka";

    private readonly IProducer<Null, Null> _owner;
    private readonly nint _cluster;

    // The imports below are this assembly's own.
    static MockCluster() => NativeLibrary.SetDllImportResolver(typeof(MockCluster).Assembly, KafkaNative.Resolve);

    public MockCluster(int brokers = 1)
    {
        KafkaNative.Load();
        _owner = new ProducerBuilder<Null, Null>(
            new ProducerConfig(new Dictionary<string, string>(StringComparer.Ordinal) { ["test.mock.num.brokers"] = $"{brokers}" }))
            .SetLogHandler(static (_, _) => { })
            .Build();
        _cluster = rd_kafka_handle_mock_cluster(KafkaNative.HandleOf(_owner));
        BootstrapServers = Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster))!;
    }

    public string BootstrapServers { get; }

    public void CreateTopic(string topic, int partitions) => Check(rd_kafka_mock_topic_create(_cluster, topic, partitions, 1));

    /// <summary>Answers the next requests of a kind with these errors, one each.</summary>
    public void Fail(ApiKey request, params ErrorCode[] errors) => rd_kafka_mock_push_request_errors_array(
        _cluster, (short)request, errors.Length, [.. errors.Select(error => (int)error)]);

    public void ClearFailures(ApiKey request) => rd_kafka_mock_clear_request_errors(_cluster, (short)request);

    /// <summary>Drops connections to a broker, numbered from 1, and refuses new ones.</summary>
    public void SetDown(int broker) => Check(rd_kafka_mock_broker_set_down(_cluster, broker));

    public void SetUp(int broker) => Check(rd_kafka_mock_broker_set_up(_cluster, broker));

    public void SetRoundTrip(int broker, TimeSpan time) =>
        Check(rd_kafka_mock_broker_set_rtt(_cluster, broker, (int)time.TotalMilliseconds));

    public void SetLeader(string topic, int partition, int broker) =>
        Check(rd_kafka_mock_partition_set_leader(_cluster, topic, partition, broker));

    public void Dispose() => _owner.Dispose();

    private static void Check(int error) => Assert.AreEqual(0, error, ((ErrorCode)error).ToString());

    [DllImport(Library)]
    private static extern nint rd_kafka_handle_mock_cluster(nint rk);

    [DllImport(Library)]
    private static extern nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_topic_create(
        nint cluster, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, int partitions, int replicas);

    [DllImport(Library)]
    private static extern void rd_kafka_mock_push_request_errors_array(nint cluster, short apiKey, nint count, int[] errors);

    [DllImport(Library)]
    private static extern void rd_kafka_mock_clear_request_errors(nint cluster, short apiKey);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_broker_set_down(nint cluster, int broker);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_broker_set_up(nint cluster, int broker);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_broker_set_rtt(nint cluster, int broker, int milliseconds);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_partition_set_leader(
        nint cluster, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, int partition, int broker);
}

/// <summary>Kinds of requests, by the protocol's numbers.</summary>
internal enum ApiKey : short
{
    Produce = 0,
    Fetch = 1,
    ListOffsets = 2,
    Metadata = 3,
    InitProducerId = 22,
}
