using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>
/// What mock brokers cannot show: topics that are created, configured and cut, offsets of a group that tools can read. The class that
/// runs it is compiled only where <c>CRYPTO_TEST_KAFKA</c> names brokers, so that nothing is skipped elsewhere.
/// </summary>
public abstract class RealClusterContract : IDisposable
{
    private readonly TestCluster _cluster;

    protected RealClusterContract() =>
        _cluster = new TestCluster(TestCluster.RealAddress ?? throw new InvalidOperationException("Set CRYPTO_TEST_KAFKA=host:port."));

    public TestContext TestContext { get; set; } = null!;

    private protected KafkaOptions Options => _cluster.Options with { Retention = TimeSpan.FromHours(5), ReplicationFactor = 1 };

    private protected CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose()
    {
        _cluster.Dispose();
        GC.SuppressFinalize(this);
    }

    [TestMethod]
    public async Task OpenAsync_TopicsMissing_CreatesThemAsPlanned()
    {
        await using var log = await OpenAsync(partitions: 3);

        var trades = await ConfigsAsync(Topics.StockTrades);
        var changes = await ConfigsAsync(Topics.SymbolChanges);
        Assert.AreEqual(
            (3, 3, 1), (
                log.PartitionsOf(Topics.StockTrades), log.PartitionsOf(Topics.DeadLetters), log.PartitionsOf(Topics.SymbolChanges)));
        Assert.AreEqual(("delete", "18000000"), (trades["cleanup.policy"], trades["retention.ms"]));
        Assert.AreEqual("72000000", (await ConfigsAsync(Topics.DeadLetters))["retention.ms"]);
        Assert.AreEqual(("compact", "-1"), (changes["cleanup.policy"], changes["retention.ms"]));
        var states = await ConfigsAsync(Topics.CaptureState);
        Assert.AreEqual(("compact", "-1", "16777216"), (states["cleanup.policy"], states["retention.ms"], states["segment.bytes"]));
        await using var again = await OpenAsync(partitions: 3);
        Assert.AreEqual(log.EpochOf(Topics.StockTrades), again.EpochOf(Topics.StockTrades));
    }

    [TestMethod]
    public async Task OpenAsync_TopicsOfAnotherKind_ListsEveryDifference()
    {
        using (var admin = Admin())
        {
            await admin.CreateTopicsAsync(
            [
                Spec(Topics.StockTrades, 2, ("cleanup.policy", "compact")),
                Spec(Topics.DeadLetters, 2, ("cleanup.policy", "delete")),
                Spec(Topics.SymbolChanges, 2, ("cleanup.policy", "delete"), ("retention.ms", "60000")),
            ]);
        }

        var failure = await Assert.ThrowsExactlyAsync<ConfigurationException>(() => OpenAsync(partitions: 3));

        StringAssert.Contains(failure.Message, "stock_trades has 2 partitions, configured are 3");
        StringAssert.Contains(
            failure.Message, "stock_trades has cleanup.policy=compact, which drops all but the latest record of each symbol");
        StringAssert.Contains(failure.Message, "stock_trades_dlq has 2 partitions, configured are 3");
        StringAssert.Contains(failure.Message, "symbol_changes has 2 partitions where it needs exactly 1");
        StringAssert.Contains(failure.Message, "symbol_changes has cleanup.policy=delete, which forgets symbols");
    }

    [TestMethod]
    public async Task Read_RecordsTheBrokerRemoved_AreRefusedWithTheWayOut()
    {
        await using var log = await OpenAsync(partitions: 1);
        await AppendAsync(log, 0, 100);
        using var admin = Admin();

        // What retention does in time, at once.
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(log.At(Topics.StockTrades, 0), 40)]);

        Assert.AreEqual(new OffsetRange(40, 100), await log.OffsetsAsync(Topics.StockTrades, 0, Stop));
        await using var reader = log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 39 });
        var failure = Assert.ThrowsExactly<LogException>(() => reader.TryRead(10));
        StringAssert.Contains(failure.Message, "offset 39 were trimmed away");
        await using var rest = log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 40 });
        Assert.AreEqual(40, (await rest.ReadAsync(10, Stop)).FromOffset);
    }

    [TestMethod]
    public async Task Group_AfterLoading_ItsOffsetsShowTheLag()
    {
        await using var log = await OpenAsync(partitions: 1);
        await AppendAsync(log, 0, 100);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var handler = new CountingHandler(1, batch => batch.NextOffset == 100 ? leaving.CancelAsync() : Task.CompletedTask);
        await using (
            var consumer = new KafkaGroupConsumer(
                log, Topics.StockTrades, handler, new ConsumerMetrics(new TradeIngestMetrics(), Topics.StockTrades), NullLogger.Instance))
        {
            await consumer.RunAsync(leaving.Token);
        }

        await AppendAsync(log, 100, 7);
        using var admin = Admin();
        var groups = await admin.ListConsumerGroupOffsetsAsync(
            [new ConsumerGroupTopicPartitions(Options.Group, [log.At(Topics.StockTrades, 0)])]);

        var shown = groups.Single().Partitions.Single().Offset.Value;
        Assert.AreEqual(7, (await log.OffsetsAsync(Topics.StockTrades, 0, Stop)).Next - shown);
    }

    private protected Task<KafkaTradeLog> OpenAsync(int partitions) =>
        KafkaTradeLog.OpenAsync(Options, TopicPlan.All(Options, partitions), TimeProvider.System, NullLogger.Instance, Stop);

    private protected async Task AppendAsync(KafkaTradeLog log, int first, int count)
    {
        using var batch = new RecordBatch();
        for (var i = first; i < first + count; i++) batch.Add("key"u8, Encoding.ASCII.GetBytes($"{i}"));
        await log.AppendAsync(Topics.StockTrades, batch, Stop);
    }

    private IAdminClient Admin() => new AdminClientBuilder(KafkaSettings.Admin(Options)).SetLogHandler(static (_, _) => { }).Build();

    private TopicSpecification Spec(string topic, int partitions, params (string Name, string Value)[] configs) => new()
    {
        Name = Options.TopicPrefix + topic,
        NumPartitions = partitions,
        ReplicationFactor = 1,
        Configs = configs.ToDictionary(config => config.Name, config => config.Value, StringComparer.Ordinal),
    };

    private async Task<Dictionary<string, string>> ConfigsAsync(string topic)
    {
        using var admin = Admin();
        var described = await admin.DescribeConfigsAsync(
            [new ConfigResource { Type = ResourceType.Topic, Name = Options.TopicPrefix + topic }]);
        return described.Single().Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Value, StringComparer.Ordinal);
    }
}
