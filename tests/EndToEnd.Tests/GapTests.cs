using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>How gaps end, in the tables and in what an operator sees.</summary>
[TestClass]
public sealed class GapTests
{
    private const string Verdicts = "SELECT sum(verdicts) FROM LOG_POSITIONS";

    [TestMethod]
    public async Task Run_TradesThatTheExchangeDoesNotHave_EndAsItsHoleAndAreNotAskedForAgain()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedAsync();
        await using (var run = Start(folder, exchange, ("MaxAge", "3650d")))
        {
            await UntilAsync(folder, run, symbol => symbol.Count(CoverageState.ExchangeHole) == 250);
            run.Signal(Signal.Terminate);
            (await run.WaitAsync()).ShouldExitWith(0);
        }

        var status = (await RunAsync(folder, "status", "--json")).ShouldExitWith(0).Json.GetProperty("symbols").EnumerateArray().Single();
        Assert.AreEqual(
            (250, 0, 0, 1),
            (Number(status, "exchange_holes"), Number(status, "missing"), status.GetProperty("open_gaps").GetArrayLength(),
                status.GetProperty("coverage").GetArrayLength()));
        Assert.AreEqual(
            1, StoredTrades.Count(folder["data"], "SELECT count(*) FROM TRADE_GAPS WHERE state = 'EXCHANGE_HOLE' AND closed IS NOT NULL"));
        (await RunAsync(folder, "verify")).ShouldExitWith(0);

        // A second life finds it settled.
        var verdicts = StoredTrades.Count(folder["data"], Verdicts);
        await using (var run = Start(folder, exchange, ("MaxAge", "3650d")))
        {
            await run.WaitForErrorsAsync(text => text.Contains("Connected to", StringComparison.Ordinal));
            run.Signal(Signal.Terminate);
            (await run.WaitAsync()).ShouldExitWith(0);
        }

        Assert.AreEqual(verdicts, StoredTrades.Count(folder["data"], Verdicts));
    }

    [TestMethod]
    public async Task Run_GapTooLargeToFetchUnasked_IsOutOfReachAndStatusSaysWhatClosesIt()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = new SimulatedExchange(new() { Symbols = ["BTCUSDT"], Rate = 2000 });
        await exchange.StartAsync();
        await using (var run = Start(folder, exchange))
        {
            await UntilAsync(folder, run, symbol => symbol.Count(CoverageState.Stored) > 0);
            await run.KillAsync();
        }

        var until = exchange.Produced("BTCUSDT") + 2500;
        await Patience.UntilAsync(() => exchange.Produced("BTCUSDT") > until, CancellationToken.None);
        await using var again = Start(folder, exchange, ("MaxTrades", "1000"));
        await UntilAsync(folder, again, symbol => symbol.OpenGaps.Any(gap => gap.State == GapState.OutOfReach));

        var shown = (await RunAsync(folder, "status", "--json")).ShouldExitWith(0).Json.GetProperty("symbols")[0];
        var gap = shown.GetProperty("open_gaps").EnumerateArray().First(gap => gap.GetProperty("state").GetString() == "OUT_OF_REACH");
        Assert.IsGreaterThan(2000, Number(gap, "count"));
        StringAssert.StartsWith(gap.GetProperty("archives")[0].GetString(), "BTCUSDT-trades-20");
        StringAssert.StartsWith(gap.GetProperty("command").GetString(), "trade-ingest backfill BTCUSDT --dates 20");
        StringAssert.Contains((await RunAsync(folder, "status")).Output, "is out of reach; to close it: trade-ingest backfill BTCUSDT");
        again.Signal(Signal.Terminate);
        var ended = (await again.WaitAsync()).ShouldExitWith(0);
        StringAssert.Contains(ended.Errors, "is out of reach until the next start: it is larger than 1000 trades");
        (await RunAsync(folder, "verify")).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Run_HistoryRefused_StatusNamesTheArchiveAndBackfillClosesTheGapFromIt()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedAsync();
        await using (var run = Start(folder, exchange))
        {
            // It has read the list of symbols by the time it connects.
            await Patience.UntilAsync(() => run.HasExited || exchange.AcceptedConnections > 0, CancellationToken.None);
            exchange.Faults.RestStatuses = FaultTable.Parse(1, ["rest-status=403:1"]).RestStatuses;
            await UntilAsync(folder, run, symbol => symbol.OpenGaps.Count == 1);
            run.Signal(Signal.Terminate);
            (await run.WaitAsync()).ShouldExitWith(0);
        }

        const string Archive = "BTCUSDT-trades-2026-02-03";
        var status = (await RunAsync(folder, "status", "--json")).ShouldExitWith(0).Json.GetProperty("symbols")[0];
        var gap = status.GetProperty("open_gaps").EnumerateArray().Single();
        Assert.AreEqual((250, $"{Archive}.zip"), (Number(gap, "count"), gap.GetProperty("archives")[0].GetString()));
        StringAssert.Contains((await RunAsync(folder, "status")).Output, $"(archive {Archive}.zip)");

        new ArchiveSample().WriteCsv(folder[$"{Archive}.csv"], 0, 400);
        (await RunAsync(folder, "backfill", "--archive", folder[$"{Archive}.csv"])).ShouldExitWith(0);

        Assert.AreEqual(1, StoredTrades.Count(folder["data"], "SELECT count(*) FROM TRADE_GAPS WHERE state = 'FILLED'"));
        Assert.HasCount(1, StoredTrades.Coverage(folder["data"]).Single(symbol => symbol.Key.Ticker == "BTCUSDT").Covered);
        (await RunAsync(folder, "verify")).ShouldExitWith(0);
    }

    /// <summary>A recording of two sessions with 250 trades between them that nobody has.</summary>
    private static async Task<SimulatedExchange> RecordedAsync()
    {
        var recorded = Enumerable.Range(0, 100).Concat(Enumerable.Range(350, 50)).Select(new ArchiveSample().Trade);
        var exchange = new SimulatedExchange(new() { Tape = RecordedTape.Of(recorded), Speed = null });
        await exchange.StartAsync();
        return exchange;
    }

    private static TradeIngestProcess Start(
        TemporaryFolder folder, SimulatedExchange exchange, params (string Option, string Value)[] backfill) => TradeIngestProcess.Start(
        folder.FullName,
        backfill.ToDictionary(pair => $"CRYPTO__Exchange__Backfill__{pair.Option}", pair => pair.Value, StringComparer.Ordinal),
        "run", "--ws", exchange.WsBase.GetLeftPart(UriPartial.Authority), "--rest", exchange.RestBase.GetLeftPart(UriPartial.Authority),
        "--symbols", "BTCUSDT", "--data", folder["data"], "--json");

    private static Task<TradeIngestProcess.Result> RunAsync(TemporaryFolder folder, string command, params string[] options) =>
        TradeIngestProcess.RunAsync(folder.FullName, [command, "--data", folder["data"], .. options]);

    private static async Task UntilAsync(TemporaryFolder folder, TradeIngestProcess run, Func<SymbolCoverage, bool> condition)
    {
        await Patience.UntilAsync(
            () => run.HasExited || StoredTrades.Coverage(folder["data"]).Any(condition), CancellationToken.None);
        Assert.IsFalse(run.HasExited, run.Errors);
    }

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
