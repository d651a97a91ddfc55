using Confluent.Kafka;
using Crypto.TestSupport;
using Crypto.TradeIngest.Tests.Log.Kafka;

namespace Crypto.EndToEnd.Tests;

/// <summary>Brokers that fail, are slow, or are gone, while trades flow from the exchange to the warehouse.</summary>
[TestClass]
public sealed class KafkaOutageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly ErrorCode[] Errors =
    [
        ErrorCode.RequestTimedOut, ErrorCode.NotLeaderForPartition, ErrorCode.ThrottlingQuotaExceeded, ErrorCode.NotEnoughReplicas,
        ErrorCode.LeaderNotAvailable,
    ];

    public TestContext TestContext { get; set; } = null!;

    /// <summary><c>CRYPTO_KAFKA_OUTAGE</c>: rounds of errors, each a second or so; 30 for half a minute and more.</summary>
    [TestMethod]
    public async Task Run_BrokerErrors_ShedsIntoTheLedgerAndLosesNothing()
    {
        await using var kafka = await KafkaDeployment.StartAsync(
            1_000, needsMock: true, ("CRYPTO__Exchange__Channel__Batches", "4"), ("CRYPTO__Exchange__Channel__Trades", "100"), (
                "CRYPTO__Kafka__MaxBytesInFlight", "1048576"));
        var reference = kafka.Start("reference");
        var sink = kafka.Start("sink");
        var ingest = kafka.Start("ingest");
        await kafka.UntilAsync(() => kafka.Stored() > 500, Limit, ingest, sink, reference);

        var rounds = KafkaTests.Setting("CRYPTO_KAFKA_OUTAGE", 4);
        kafka.Mock!.SetRoundTrip(1, TimeSpan.FromMilliseconds(100));
        for (var round = 0; round < rounds; round++)
        {
            var before = kafka.Stored();
            kafka.Mock.Fail(ApiKey.Produce, Errors);
            await kafka.UntilAsync(() => kafka.Stored() > before + 500, Limit, ingest, sink, reference);
        }

        kafka.Mock.SetRoundTrip(1, TimeSpan.Zero);
        kafka.Mock.ClearFailures(ApiKey.Produce);
        var reports = await kafka.DrainAndVerifyAsync(ingest, sink);

        TestContext.WriteLine($"{kafka.Stored()} trades stored. {string.Join(Environment.NewLine, reports)}");
        Assert.IsGreaterThan(0, Sum("shed"));
        Assert.IsGreaterThan(0, Sum("backfilled"));
        Assert.AreEqual(Sum("appended"), kafka.Stored());
        Assert.IsGreaterThan(0, Sum("retries"));
        Assert.AreEqual(0, Sum("in_flight"));

        long Sum(string figure) => reports.Sum(report => report.GetProperty(figure).GetInt64());
    }

    [TestMethod]
    public async Task Status_SinkAway_ShowsTheLagUntilTheBrokersAreGone()
    {
        await using var kafka = await KafkaDeployment.StartAsync(1_000, needsMock: true, ("CRYPTO__Kafka__AdminTimeout", "00:00:03"));
        var all = kafka.Start("reference", "sink", "ingest");
        await kafka.UntilAsync(() => kafka.Stored() > 100, Limit, all);
        await all.KillAsync();
        var ingest = kafka.Start("ingest");

        var lag = 0L;
        while (lag < 500)
        {
            var status = (await kafka.StatusAsync()).ShouldExitWith(0).Json;
            lag = status.GetProperty("lag").GetInt64();
            Assert.AreEqual(lag, status.GetProperty("log").EnumerateArray().Sum(partition => partition.GetProperty("lag").GetInt64()));
            Assert.AreEqual(5, status.GetProperty("log").GetArrayLength());
        }

        kafka.Mock!.SetDown(1);
        var gone = (await kafka.StatusAsync()).ShouldExitWith(3);
        StringAssert.Contains(gone.Errors, "Kafka at 127.0.0.1:");
    }

    [TestMethod]
    public async Task Health_BrokersGoneThenProcessStopped_IsToldAndHeals()
    {
        const int CheckFailed = 1;
        const int Unreachable = 3;
        var port = FreePort();
        await using var kafka = await KafkaDeployment.StartAsync(
            500, needsMock: true, ("CRYPTO__Health__Port", port), ("CRYPTO__Health__Bound", "00:00:04"), (
                "CRYPTO__Kafka__AdminTimeout", "00:00:02"));
        var all = kafka.Start("reference", "sink", "ingest");
        await kafka.UntilAsync(() => kafka.Stored() > 100, Limit, all);
        await HealthAsync(kafka, 0);

        kafka.Mock!.SetDown(1);
        var stalled = (await HealthAsync(kafka, CheckFailed)).Json.GetProperty("parts").EnumerateArray();
        Assert.IsTrue(stalled.Any(part => !part.GetProperty("is_healthy").GetBoolean()));
        kafka.Mock.SetUp(1);
        await HealthAsync(kafka, 0);

        all.Signal(Signal.Stop);
        await HealthAsync(kafka, Unreachable);
        all.Signal(Signal.Continue);
        await HealthAsync(kafka, 0);
        Assert.IsFalse(all.HasExited);
    }

    private static async Task<TradeIngestProcess.Result> HealthAsync(KafkaDeployment kafka, int expected)
    {
        const int Attempts = 100;
        for (var attempt = 1; ; attempt++)
        {
            var health = await kafka.RunAsync("health", "--json");
            if (health.ExitCode == expected) return health;
            if (attempt == Attempts) Assert.Fail($"{health} instead of {expected}");
        }
    }

    private static string FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
