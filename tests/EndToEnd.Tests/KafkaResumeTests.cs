using System.Net;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;

namespace Crypto.EndToEnd.Tests;

/// <summary>An ingest that is killed while a gap is open, and how the next one finds it.</summary>
[TestClass]
public sealed class KafkaResumeTests
{
    private const string Ticker = "BTCUSDT";
    private const string GapsFromBefore = "open gaps with";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [TestMethod]
    public async Task Run_IngestKilledWithAGapOlderThanTheTail_FillsItAfterTheRestartAndNotAgain()
    {
        await using var exchange = new SimulatedExchange(new SimulatedExchangeOptions { Symbols = [Ticker, "ETHUSDT"], Rate = 400 });
        await exchange.StartAsync();
        await using var kafka = KafkaDeployment.Start(
            exchange, ("CRYPTO__Kafka__TailRecords", "20"), ("CRYPTO__Kafka__StateInterval", "00:00:00.2"));
        var reference = kafka.Start("reference");
        var sink = kafka.Start("sink");
        var ingest = kafka.Start("ingest");
        await kafka.UntilAsync(() => kafka.Stored() > 100, Limit, ingest, sink, reference);
        exchange.Faults.FailNextRequests(int.MaxValue, HttpStatusCode.InternalServerError);
        exchange.SkipNext(Ticker, 50);
        await kafka.UntilAsync(kafka.HasOpenGaps, Limit, ingest, sink, reference);
        var after = kafka.Stored() + 1_000;
        await kafka.UntilAsync(() => kafka.Stored() > after, Limit, ingest, sink, reference);
        Assert.IsTrue(kafka.HasOpenGaps());
        await ingest.KillAsync();
        exchange.Faults.FailNextRequests(0, HttpStatusCode.OK);

        var newest = await kafka.NewestTradesAsync();
        ingest = kafka.Start("ingest");
        await kafka.UntilAsync(() => newest.ArePassedBy(kafka.Coverage()), Limit, ingest, sink, reference);
        await ingest.WaitForErrorsAsync(errors => errors.Contains(GapsFromBefore, StringComparison.Ordinal));
        ingest.Signal(Signal.Terminate);
        (await ingest.WaitAsync()).ShouldExitWith(0);

        ingest = kafka.Start("ingest");
        var started = await ingest.WaitForErrorsAsync(errors => errors.Contains("Connected to", StringComparison.Ordinal));
        StringAssert.Contains(started, "2 of 2 symbols go on where the log ends");
        Assert.IsFalse(started.Contains(GapsFromBefore, StringComparison.Ordinal), started);
        await kafka.DrainAndVerifyAsync(ingest, sink);
    }
}
