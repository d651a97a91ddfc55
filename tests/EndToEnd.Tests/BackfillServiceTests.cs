using System.Globalization;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>Backfills beside processes that capture: handed to the service, or into the same topic.</summary>
[TestClass]
public sealed class BackfillServiceTests
{
    private static long First => RecordedExchange.Sample.FirstId;

    [TestMethod]
    public async Task Backfill_BesideAService_IsDoneByItAndTheCaptureGoesOn()
    {
        using var folder = new TemporaryFolder();
        await using var archive = await RecordedExchange.StartAsync(folder);
        await using var exchange = StartExchange(folder);
        var bases = await BasesAsync(exchange);
        await using var run = await StartRunAsync(folder, bases);
        var newest = (await NewestTrades.ReadAsync(bases.Http)).Of("SOLUSDT");
        Directory.CreateDirectory(Path.Combine(folder["data"], "backfill"));
        await File.WriteAllTextAsync(Path.Combine(folder["data"], "backfill", "0.json"), "{\"version\":1,");

        var ids = await BackfillAsync(folder, "SOLUSDT", "--from-id", Text(newest - 99), "--to-id", Text(newest));
        var again = await BackfillAsync(folder, "SOLUSDT", "--from-id", Text(newest - 99), "--to-id", Text(newest));
        var days = await BackfillAsync(folder, "BTCUSDT", "--dates", "2026-02-03..2026-02-04", "--archive-address", archive.Rest);
        var gaps = await BackfillAsync(folder);
        var unknown = await RunAsync(folder, "NOPEUSDT", "--from-id", "1", "--to-id", "2");

        Assert.AreEqual((100L, 0L), Counts(ids));
        Assert.AreEqual((0L, 100L), Counts(again));
        var end = RecordedExchange.FirstAt("2026-02-05");
        Assert.AreEqual(end, days.GetProperty("trades").GetInt32());
        Assert.AreNotEqual(JsonValueKind.Null, days.GetProperty("service_request").ValueKind);
        Assert.AreEqual("done", gaps.GetProperty("state").GetString());
        StringAssert.Contains(unknown.ShouldExitWith(2).Errors, "knows no such symbol");
        Assert.IsTrue(File.Exists(Path.Combine(folder["data"], "backfill", "0.json.unreadable")));
        var captured = Stored(folder, "ETHUSDT");
        await UntilAsync(() => Stored(folder, "ETHUSDT") > captured);
        run.Signal(Signal.Terminate);
        (await run.WaitAsync()).ShouldExitWith(0);
        Assert.AreEqual(new IdRange(First, First + end - 1), Coverage(folder, "BTCUSDT").Covered.Single());
        Assert.AreEqual(new IdRange(newest - 99, newest), Coverage(folder, "SOLUSDT").Covered.Single());
        await VerifyAsync(folder);
    }

    [TestMethod]
    public async Task Backfill_ServiceKilledHalfWay_IsDoneAfterItsRestart()
    {
        using var folder = new TemporaryFolder();
        await using var recorded = await RecordedExchange.StartAsync(folder, "latency=300ms");
        var bases = (recorded.Rest.Replace("http", "ws", StringComparison.Ordinal), recorded.Rest);
        await using var command = await KilledHalfWayAsync(folder, bases);

        await using var run = Start(folder, bases, "BTCUSDT");
        var result = (await command.WaitAsync()).ShouldExitWith(0).Json;

        Assert.IsGreaterThanOrEqualTo(2_000, result.GetProperty("known").GetInt64());
        Assert.AreEqual(RecordedExchange.Trades, Counts(result).Trades + Counts(result).Known);
        run.Signal(Signal.Terminate);
        (await run.WaitAsync()).ShouldExitWith(0);
        Assert.AreEqual(new IdRange(First, First + RecordedExchange.Trades - 1), Coverage(folder, "BTCUSDT").Covered.Single());
        await VerifyAsync(folder);
    }

    [TestMethod]
    public async Task Backfill_CommandInterrupted_StaysWithTheServiceUntilItIsTakenBack()
    {
        using var folder = new TemporaryFolder();
        await using var recorded = await RecordedExchange.StartAsync(folder, "latency=1s");
        var bases = (recorded.Rest.Replace("http", "ws", StringComparison.Ordinal), recorded.Rest);
        await using var run = Start(folder, bases, "BTCUSDT");
        await UntilLockedAsync(folder);
        await using var command = TradeIngestProcess.Start(folder.FullName, ["backfill", .. All, "--data", folder["data"]]);
        await UntilAsync(() => Stored(folder, "BTCUSDT") > 0);

        command.Signal(Signal.Interrupt);
        var interrupted = (await command.WaitAsync()).ShouldExitWith(130);
        StringAssert.Contains(interrupted.Errors, "stays with the service");
        var stored = Stored(folder, "BTCUSDT");
        await UntilAsync(() => Stored(folder, "BTCUSDT") > stored);

        var taken = await TradeIngestProcess.RunAsync(folder.FullName, "backfill", "--cancel", "--data", folder["data"], "--json");

        Assert.AreEqual(1, taken.ShouldExitWith(0).Json.GetProperty("canceled").GetArrayLength());
        await run.WaitForErrorsAsync(text => text.Contains("ended, Canceled", StringComparison.Ordinal));
        run.Signal(Signal.Terminate);
        (await run.WaitAsync()).ShouldExitWith(0);
        await VerifyAsync(folder);
    }

    [TestMethod]
    public async Task Backfill_OverKafka_AppendsToTheTopicBesideTheRoles()
    {
        await using var exchange = new SimulatedExchange(new() { Symbols = ["BTCUSDT"], Rate = 500 });
        await exchange.StartAsync();
        await UntilAsync(() => exchange.Produced("BTCUSDT") > 2_000);
        var rest = exchange.RestBase.GetLeftPart(UriPartial.Authority);
        await using var kafka = KafkaDeployment.Start(exchange);
        var roles = new[] { kafka.Start("ingest"), kafka.Start("reference"), kafka.Start("sink") };
        await kafka.UntilAsync(() => kafka.Stored() > 100, Patience.Limit, roles);
        var began = kafka.Coverage().Single().Captured.Lowest;
        string[] before = ["BTCUSDT", "--from-id", Text(began - 1_000), "--to-id", Text(began - 1)];

        var result = (await kafka.RunAsync(["backfill", .. before, "--rest", rest, "--data", kafka.Data, "--json"])).ShouldExitWith(0).Json;

        Assert.AreEqual((1_000L, 0L), Counts(result));
        await kafka.UntilAsync(() => kafka.Coverage().Single().Captured.Lowest == began - 1_000, Patience.Limit, roles);
        await kafka.UntilAsync(() => !kafka.HasOpenGaps(), Patience.Limit, roles);
        var again = (await kafka.RunAsync(["backfill", .. before, "--rest", rest, "--data", kafka.Data, "--json"])).ShouldExitWith(0).Json;
        Assert.AreEqual((0L, 1_000L), Counts(again));
        await kafka.DrainAndVerifyAsync(roles[0], roles[2]);
    }

    private static string[] All =>
        ["BTCUSDT", "--from-id", Text(First), "--to-id", Text(First + RecordedExchange.Trades - 1)];

    /// <summary>A service that was killed while it worked on a request, and the command that still follows it.</summary>
    private static async Task<TradeIngestProcess> KilledHalfWayAsync(TemporaryFolder folder, (string WebSocket, string Http) bases)
    {
        await using var run = Start(folder, bases, "BTCUSDT");
        await UntilLockedAsync(folder);
        var command = TradeIngestProcess.Start(folder.FullName, ["backfill", .. All, "--data", folder["data"], "--json"]);
        await UntilAsync(() => Stored(folder, "BTCUSDT") >= 2_000);
        await run.KillAsync();
        Assert.IsFalse(command.HasExited);
        return command;
    }

    private static TradeIngestProcess StartExchange(TemporaryFolder folder) => TradeIngestProcess.Start(
        folder.FullName, "simulate", "--symbols", "ETHUSDT,SOLUSDT", "--rate", "1000", "--json");

    private static TradeIngestProcess Start(TemporaryFolder folder, (string WebSocket, string Http) bases, string symbols) =>
        TradeIngestProcess.Start(
            folder.FullName, "run", "--ws", bases.WebSocket, "--rest", bases.Http, "--symbols", symbols,
            "--data", folder["data"], "--json");

    private static async Task<TradeIngestProcess> StartRunAsync(TemporaryFolder folder, (string WebSocket, string Http) bases)
    {
        var run = Start(folder, bases, "ETHUSDT");
        await UntilAsync(() => Stored(folder, "ETHUSDT") > 100);
        return run;
    }

    /// <summary>Waits until the service has the folder.</summary>
    private static Task UntilLockedAsync(TemporaryFolder folder) =>
        UntilAsync(() => File.Exists(Path.Combine(folder["data"], "warehouse.db")));

    private static async Task<(string WebSocket, string Http)> BasesAsync(TradeIngestProcess exchange)
    {
        var output = JsonDocument.Parse(await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        return (output.GetProperty("web_socket").GetString()!, output.GetProperty("rest").GetString()!);
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static (long Trades, long Known) Counts(JsonElement result) =>
        (result.GetProperty("trades").GetInt64(), result.GetProperty("known").GetInt64());

    private static Task<TradeIngestProcess.Result> RunAsync(TemporaryFolder folder, params string[] arguments) =>
        TradeIngestProcess.RunAsync(folder.FullName, ["backfill", .. arguments, "--data", folder["data"], "--json"]);

    private static async Task<JsonElement> BackfillAsync(TemporaryFolder folder, params string[] arguments) =>
        (await RunAsync(folder, arguments)).ShouldExitWith(0).Json;

    private static SymbolCoverage Coverage(TemporaryFolder folder, string ticker) =>
        StoredTrades.Coverage(folder["data"]).Single(symbol => symbol.Key.Ticker == ticker);

    private static long Stored(TemporaryFolder folder, string ticker) => StoredTrades.Coverage(folder["data"])
        .Where(symbol => symbol.Key.Ticker == ticker)
        .Sum(symbol => symbol.Count(CoverageState.Stored));

    private static async Task VerifyAsync(TemporaryFolder folder) =>
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"], "--json")).ShouldExitWith(0);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition()) await timer.WaitForNextTickAsync(limit.Token);
    }
}
