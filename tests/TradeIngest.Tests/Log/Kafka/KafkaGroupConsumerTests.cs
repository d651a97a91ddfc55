using System.Text;
using Confluent.Kafka;
using Crypto.TestSupport;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>A member of a group, on mock brokers.</summary>
[TestClass]
public sealed class KafkaGroupConsumerTests : IDisposable
{
    private const string Topic = "trades";

    private readonly TestCluster _cluster = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose() => _cluster.Dispose();

    [TestMethod]
    public async Task Run_PartitionThatTheHandlerDoesNotKnow_IsReadFromItsFirstRecord()
    {
        await using var log = await OpenAsync(partitions: 2);
        var handler = new CountingHandler(partitions: 1);
        await AppendAsync(log, 100);

        await ConsumeUntilAsync(log, handler, () => handler.Records.Sum() == 100);
    }

    [TestMethod]
    public async Task Run_UnexpectedFailureInTheHandler_EndsWithItAndLeavesTheGroup()
    {
        await using var log = await OpenAsync(partitions: 1);
        await AppendAsync(log, 1);
        var broken = new CountingHandler(1, _ => throw new KeyNotFoundException("no such key"));
        await using (var consumer = Consume(log, broken, new ConsumerMetrics(new TradeIngestMetrics(), Topic)))
        {
            var failure = await Assert.ThrowsExactlyAsync<KeyNotFoundException>(
                () => consumer.RunAsync(Stop).WaitAsync(Patience.Limit, Stop));
            Assert.AreEqual("no such key", failure.Message);
        }

        var next = new CountingHandler(1);
        await ConsumeUntilAsync(log, next, () => next.Records.Sum() == 1);
    }

    [TestMethod]
    public async Task Run_BrokerRefusesAnOffsetThatItHas_GoesOn()
    {
        await using var log = await OpenAsync(partitions: 1);
        await AppendAsync(log, 10);
        var handler = new CountingHandler(1);

        var hasFailed = false;
        await ConsumeUntilAsync(log, handler, async () =>
        {
            if (handler.Records.Sum() < 10) return false;
            if (hasFailed) return handler.Records.Sum() >= 20;
            hasFailed = true;
            _cluster.Mock!.Fail(ApiKey.Fetch, ErrorCode.OffsetOutOfRange);
            await AppendAsync(log, 10);
            return false;
        });
    }

    [TestMethod]
    public async Task Run_TopicWithoutALeader_CountsNoProgressUntilItHasOneAgain()
    {
        await using var log = await OpenAsync(partitions: 1);
        await AppendAsync(log, 10);
        var handler = new CountingHandler(1);
        var metrics = new ConsumerMetrics(new TradeIngestMetrics(), Topic);
        await using var consumer = Consume(log, handler, metrics);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = consumer.RunAsync(stopping.Token);
        await UntilAsync(() => metrics.Polls > 0);

        _cluster.Mock!.SetDown(1);
        await UntilAsync(() => running.IsFaulted || !consumer.IsReady);
        var polls = metrics.Polls;
        _cluster.Mock.SetUp(1);
        await UntilAsync(() => running.IsFaulted || metrics.Polls > polls);

        await stopping.CancelAsync();
        await running.WaitAsync(Patience.Limit, Stop);
    }

    private static KafkaGroupConsumer Consume(KafkaTradeLog log, CountingHandler handler, ConsumerMetrics metrics) =>
        new(log, Topic, handler, metrics, NullLogger.Instance);

    private async Task ConsumeUntilAsync(KafkaTradeLog log, CountingHandler handler, Func<bool> condition) =>
        await ConsumeUntilAsync(log, handler, () => Task.FromResult(condition()));

    private async Task ConsumeUntilAsync(KafkaTradeLog log, CountingHandler handler, Func<Task<bool>> condition)
    {
        await using var consumer = Consume(log, handler, new ConsumerMetrics(new TradeIngestMetrics(), Topic));
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = consumer.RunAsync(stopping.Token);
        await UntilAsync(async () => running.IsFaulted || await condition());
        await stopping.CancelAsync();
        await running.WaitAsync(Patience.Limit, Stop);
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = Patience.Start();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition()) await timer.WaitForNextTickAsync(patience.Token);
    }

    private Task<KafkaTradeLog> OpenAsync(int partitions) => _cluster.OpenAsync(TimeProvider.System, Stop, (Topic, partitions));

    private async Task AppendAsync(KafkaTradeLog log, int count)
    {
        using var batch = new RecordBatch();
        for (var i = 0; i < count; i++) batch.Add(Encoding.ASCII.GetBytes($"key {i}"), "value"u8);
        await log.AppendAsync(Topic, batch, Stop);
    }
}
