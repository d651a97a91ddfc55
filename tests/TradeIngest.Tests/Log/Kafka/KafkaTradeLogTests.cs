using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Confluent.Kafka;
using Crypto.TestSupport;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>What only a cluster can do: refuse, delay, lose connections, forget old records.</summary>
[TestClass]
public sealed class KafkaTradeLogTests : IDisposable
{
    private const string Topic = "trades";

    private readonly TestCluster _cluster = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose() => _cluster.Dispose();

    [TestMethod]
    public async Task AppendAsync_RetriableErrors_AreRetriedInOrderWithoutDoubling()
    {
        await using var log = await OpenAsync();
        _cluster.Mock!.Fail(
            ApiKey.Produce, ErrorCode.NotLeaderForPartition, ErrorCode.RequestTimedOut, ErrorCode.NotEnoughReplicas,
            ErrorCode.LeaderNotAvailable);

        for (var i = 0; i < 5; i++) await AppendAsync(log, i * 100, 100);

        CollectionAssert.AreEqual(Enumerable.Range(0, 500).ToArray(), await ReadAsync(log, 500));
        Assert.AreEqual(500, (await log.OffsetsAsync(Topic, 0, Stop)).Next);
    }

    [TestMethod]
    public async Task AppendAsync_BrokerDown_CompletesWhenItIsBack()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, 0, 10);
        _cluster.Mock!.SetDown(1);

        var appending = AppendAsync(log, 10, 10);
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => appending.WaitAsync(TimeSpan.FromMilliseconds(500), Stop));
        _cluster.Mock.SetUp(1);
        await appending;

        CollectionAssert.AreEqual(Enumerable.Range(0, 20).ToArray(), await ReadAsync(log, 20));
    }

    [TestMethod]
    public async Task AppendAsync_QuotaExceeded_IsDoneAgainUntilItPasses()
    {
        await using var log = await OpenAsync();
        _cluster.Mock!.Fail(ApiKey.Produce, ErrorCode.ThrottlingQuotaExceeded, ErrorCode.ThrottlingQuotaExceeded);

        await AppendAsync(log, 0, 100);

        CollectionAssert.AreEqual(Enumerable.Range(0, 100).ToArray(), await ReadAsync(log, 100));
        Assert.AreEqual(2, log.Appends.Retries);
    }

    [TestMethod]
    public async Task AppendAsync_NotAuthorized_FailsForGoodAndSaysWhatToCheck()
    {
        await using var log = await OpenAsync();
        _cluster.Mock!.Fail(ApiKey.Produce, ErrorCode.TopicAuthorizationFailed);

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => AppendAsync(log, 0, 1));

        Assert.AreEqual((StorageFault.ReadOnly, false), (failure.Fault, failure.IsTransient));
        StringAssert.Contains(failure.Message, "Check the credentials");
    }

    [TestMethod]
    public async Task AppendAsync_SlowBroker_KeepsBytesInFlightBounded()
    {
        await using var log = await OpenAsync(options => options with { MaxBytesInFlight = 1 << 20 });
        await AppendAsync(log, 0, 1);
        _cluster.Mock!.SetRoundTrip(1, TimeSpan.FromMilliseconds(50));
        using var batch = new RecordBatch();
        var value = new byte[100_000];
        for (var i = 0; i < 50; i++) batch.Add("key"u8, value);

        var appending = log.AppendAsync(Topic, batch, Stop).AsTask();
        long most = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!appending.IsCompleted)
        {
            most = Math.Max(most, log.Appends.BytesInFlight);
            await timer.WaitForNextTickAsync(Stop);
        }

        await appending;
        Assert.IsGreaterThan(0, most);

        // A chunk ends with the record that fills it, so one may exceed the bound when nothing else is on its way.
        Assert.IsLessThanOrEqualTo((1 << 20) + 100_003, most);
        Assert.IsGreaterThan(0, log.Appends.Stalls);
        Assert.AreEqual(0, log.Appends.BytesInFlight);
    }

    [TestMethod]
    public async Task AppendAsync_CanceledWhileTheBrokerIsAway_EndsAtOnce()
    {
        var log = await OpenAsync();
        _cluster.Mock!.SetDown(1);
        using var canceling = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var batch = new RecordBatch();
        batch.Add("key"u8, "1"u8);
        var appending = log.AppendAsync(Topic, batch, canceling.Token).AsTask();

        await canceling.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => appending);
        await log.DisposeAsync().AsTask().WaitAsync(Patience.Limit, Stop);
    }

    [TestMethod]
    public async Task DisposeAsync_BrokerAwayAndAppendsWaiting_EndsEachOfThem()
    {
        var log = await OpenAsync(options => options with { MaxBytesInFlight = 1 << 20 });
        _cluster.Mock!.SetDown(1);
        using var first = new RecordBatch();
        first.Add("key"u8, new byte[1 << 20]);

        // One is on its way, one waits for room, one for its turn.
        Task[] appends = [.. Enumerable.Range(0, 3).Select(_ => log.AppendAsync(Topic, first, Stop).AsTask())];
        await log.DisposeAsync().AsTask().WaitAsync(Patience.Limit, Stop);

        foreach (var append in appends)
        {
            await Assert.ThrowsExactlyAsync<StorageException>(() => append.WaitAsync(Patience.Limit, Stop));
        }

        Assert.AreEqual(0, log.Appends.BytesInFlight);
    }

    [TestMethod]
    public async Task AppendAsync_ProducerBrokenForGood_EveryAppendSaysSoAndTheNextOneHasANewProducer()
    {
        await using var log = await OpenAsync();
        _cluster.Mock!.Fail(ApiKey.Produce, ErrorCode.OutOfOrderSequenceNumber);

        Task[] appends = [.. Enumerable.Range(0, 3).Select(first => AppendAsync(log, first, 1))];
        foreach (var append in appends)
        {
            var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => append.WaitAsync(Patience.Limit, Stop));
            Assert.IsFalse(failure.IsTransient, failure.Message);
        }

        await AppendAsync(log, 0, 10);
        CollectionAssert.AreEqual(Enumerable.Range(0, 10).ToArray(), await ReadAsync(log, 10));
    }

    [TestMethod]
    public async Task AppendAsync_ValuesOfEveryLength_ArriveAsTheyWere()
    {
        await using var log = await OpenAsync();
        using var batch = new RecordBatch();
        for (var length = 0; length < 2_000; length++)
        {
            batch.Add("key"u8, [.. Enumerable.Range(length, length).Select(value => (byte)value)]);
        }

        await log.AppendAsync(Topic, batch, Stop);

        await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [0] = 0 });
        for (var next = 0; next < batch.Count;)
        {
            foreach (var record in (await reader.ReadAsync(1000, Stop)).Records.Span)
            {
                Assert.IsTrue(record.Value.Span.SequenceEqual(batch.Value(next++)));
            }
        }
    }

    [TestMethod]
    public async Task Append_Record_IsItsKeyAndValueForAnyConsumer()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, 0, 1);
        using var consumer = new ConsumerBuilder<string, string>(
            new ConsumerConfig { BootstrapServers = _cluster.Options.BootstrapServers, GroupId = "test" }).Build();
        consumer.Assign(new TopicPartitionOffset(Topic, 0, 0));

        var message = consumer.Consume(Stop).Message;

        Assert.AreEqual(("key", "0"), (message.Key, message.Value));
        Assert.HasCount(0, message.Headers);
    }

    [TestMethod]
    public async Task Read_OffsetTheBrokerDropped_IsRefusedWithTheWayOut()
    {
        await using var log = await OpenAsync();
        using var batch = new RecordBatch();
        var value = new byte[500_000];
        new Random(1).NextBytes(value);
        for (var i = 0; i < 30; i++)
        {
            batch.Clear();
            batch.Add("key"u8, value);
            await log.AppendAsync(Topic, batch, Stop);
        }

        var first = (await log.OffsetsAsync(Topic, 0, Stop)).First;
        Assert.IsGreaterThan(0, first);
        await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [0] = first - 1 });

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var failure = Assert.ThrowsExactly<LogException>(() => reader.TryRead(10));
            StringAssert.Contains(failure.Message, $"offset {first - 1} were trimmed away");
            StringAssert.Contains(failure.Message, $"first kept is {first}");
            StringAssert.Contains(failure.Message, "--reset");
        }
    }

    [TestMethod]
    public async Task Read_BrokerAwayForAWhile_GoesOnWhereItWas()
    {
        await using var log = await OpenAsync();
        await AppendAsync(log, 0, 10);
        await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [0] = 0 });
        for (var read = 0; read < 10;) read += (await reader.ReadAsync(10, Stop)).Records.Length;
        _cluster.Mock!.SetDown(1);
        var reading = reader.ReadAsync(10, Stop).AsTask();
        await Assert.ThrowsExactlyAsync<TimeoutException>(() => reading.WaitAsync(TimeSpan.FromMilliseconds(500), Stop));

        _cluster.Mock.SetUp(1);
        await AppendAsync(log, 10, 1);

        var slice = await reading;
        Assert.AreEqual((10L, 11L), (slice.FromOffset, slice.NextOffset));
    }

    [TestMethod]
    public async Task OpenAsync_OtherNumberOfPartitions_NamesBothAndTheWayOut()
    {
        _cluster.Mock!.CreateTopic("stock_trades", 4);

        var failure = await Assert.ThrowsExactlyAsync<ConfigurationException>(
            () => OpenAsync(new TopicPlan("stock_trades", 6, null, IsCompacted: false)));

        StringAssert.Contains(failure.Message, "Topic stock_trades has 4 partitions, configured are 6. Set CRYPTO__Log__Partitions=4");
    }

    [TestMethod]
    public async Task OpenAsync_NumberLeftOpen_TakesWhatIsThere()
    {
        _cluster.Mock!.CreateTopic("stock_trades", 4);

        await using var log = await OpenAsync(new TopicPlan("stock_trades", null, null, IsCompacted: false));

        Assert.AreEqual(4, log.Partitions);
    }

    [TestMethod]
    public async Task OpenAsync_TopicMissingAndBrokerWithoutCreateTopics_SaysHowToCreateItWithoutHanging()
    {
        var failure = await Assert.ThrowsExactlyAsync<ConfigurationException>(() => KafkaTradeLog.OpenAsync(
            _cluster.Options with { AdminTimeout = TimeSpan.FromSeconds(1) }, TopicPlan.All(_cluster.Options, 3), TimeProvider.System,
            NullLogger.Instance, Stop).WaitAsync(Patience.Limit, Stop));

        StringAssert.Contains(failure.Message, "--create --topic stock_trades --partitions 3 --config cleanup.policy=delete");
        StringAssert.Contains(failure.Message, "--create --topic symbol_changes --partitions 1 --config cleanup.policy=compact");
    }

    [TestMethod]
    public async Task OpenAsync_NobodyThere_IsTransientAndNamesTheAddress()
    {
        var options = new KafkaOptions { BootstrapServers = "127.0.0.1:1", AdminTimeout = TimeSpan.FromMilliseconds(500) };

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => KafkaTradeLog.OpenAsync(
            options, TopicPlan.All(options, null), TimeProvider.System, NullLogger.Instance, Stop));

        Assert.IsTrue(failure.IsTransient);
        StringAssert.Contains(failure.Message, "Kafka at 127.0.0.1:1");
    }

    [TestMethod]
    public async Task OpenAsync_CertificateOfSomebodyElse_SaysSoAndWhatToCheck()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var serving = ServeTlsAsync(listener, certificate, ended.Token);
        var options = new KafkaOptions
        {
            BootstrapServers = listener.LocalEndpoint.ToString(),
            AdminTimeout = TimeSpan.FromSeconds(2),
            Settings = new() { ["security.protocol"] = "ssl" },
        };

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => KafkaTradeLog.OpenAsync(
            options, TopicPlan.All(options, null), TimeProvider.System, NullLogger.Instance, Stop));

        await ended.CancelAsync();
        await serving;
        Assert.AreEqual((StorageFault.ReadOnly, false), (failure.Fault, failure.IsTransient));
        StringAssert.Contains(failure.Message, "certificate verify failed");
        StringAssert.Contains(failure.Message, "Check the credentials and certificates");
    }

    [TestMethod]
    public async Task EpochOf_AnotherCluster_Differs()
    {
        await using var log = await OpenAsync();
        using var other = new TestCluster();
        await using var second = await other.OpenAsync(TimeProvider.System, Stop, (Topic, 1));

        Assert.AreNotEqual(log.EpochOf(Topic), second.EpochOf(Topic));
        StringAssert.StartsWith(log.EpochOf(Topic), "kafka:");
    }

    private static async Task ServeTlsAsync(TcpListener listener, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(cancellationToken);
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancellationToken);
                _ = await tls.ReadAsync(new byte[1], cancellationToken);
            }
            catch (Exception failure) when (failure is OperationCanceledException or IOException or AuthenticationException)
            {
                // The client refuses the certificate, which is what it is to do, and comes again.
            }
        }
    }

    private async Task<KafkaTradeLog> OpenAsync(Func<KafkaOptions, KafkaOptions>? change = null)
    {
        _cluster.Mock!.CreateTopic(Topic, 1);
        return await KafkaTradeLog.OpenAsync(
            change is null
                ? _cluster.Options
                : change(_cluster.Options), [new TopicPlan(Topic, 1, null, IsCompacted: false)], TimeProvider.System,
            NullLogger.Instance, Stop);
    }

    private Task<KafkaTradeLog> OpenAsync(TopicPlan plan) =>
        KafkaTradeLog.OpenAsync(_cluster.Options, [plan], TimeProvider.System, NullLogger.Instance, Stop);

    private async Task AppendAsync(KafkaTradeLog log, int first, int count)
    {
        using var batch = new RecordBatch();
        for (var i = first; i < first + count; i++) batch.Add("key"u8, Encoding.ASCII.GetBytes($"{i}"));
        await log.AppendAsync(Topic, batch, Stop);
    }

    private async Task<int[]> ReadAsync(KafkaTradeLog log, int count)
    {
        await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [0] = 0 });
        var read = new List<int>();
        while (read.Count < count)
        {
            foreach (var record in (await reader.ReadAsync(1000, Stop)).Records.Span)
            {
                read.Add(int.Parse(Encoding.ASCII.GetString(record.Value.Span), null));
            }
        }

        return [.. read];
    }
}
