using System.Diagnostics;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>What is captured changes while the real process captures.</summary>
[TestClass]
public sealed class SymbolChangeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static readonly Dictionary<string, string> Often = new(StringComparer.Ordinal)
    {
        ["CRYPTO__Exchange__InfoInterval"] = "1s",
        ["CRYPTO__Reference__Interval"] = "100ms",
    };

    [TestMethod]
    public async Task Run_SymbolsListedDelistedAddedAndRemoved_AreFollowedAndNothingIsLost()
    {
        // The service must capture before the symbol is listed: on a slow machine that is tried again with more time.
        foreach (var seconds in new[] { 12, 48, 192 })
        {
            using var folder = new TemporaryFolder();
            var started = Stopwatch.StartNew();
            await using var exchange = TradeIngestProcess.Start(
                folder.FullName, "simulate", "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT,BTCEUR,ETHEUR", "--rate", "1000", "--json", "--data",
                folder["data"], "--fault", $"list=NEWUSDT:{seconds}s", "--fault", $"delist=ETHUSDT:{seconds + 2}s");
            await using var run = await RunAsync(folder, exchange, "--symbols", "*USDT,ETHEUR", "--exclude", "SOL*");
            await UntilAsync(() => Stored(folder, "BTCUSDT") > 0 && Stored(folder, "ETHUSDT") > 0, run);
            if (started.Elapsed > TimeSpan.FromSeconds(seconds - 3)) continue;

            await UntilAsync(() => Stored(folder, "NEWUSDT") > 2, run);
            await SymbolsAsync(folder, "add", "BTCEUR", "UNKNOWNUSDT");
            await SymbolsAsync(folder, "remove", "BTCUSDT", "ETHE*");
            await UntilCapturedAsync(folder, "BTCEUR NEWUSDT", run);
            await GrowAsync(folder, "BTCEUR", run);
            var removed = Stored(folder, "BTCUSDT");
            await GrowAsync(folder, "BTCEUR", run);
            Assert.AreEqual(removed, Stored(folder, "BTCUSDT"));

            await SymbolsAsync(folder, "add", "BTCUSDT");
            await UntilCapturedAsync(folder, "BTCEUR BTCUSDT NEWUSDT", run);
            await UntilAsync(() => Stored(folder, "BTCUSDT") > removed && IsWhole(folder, "BTCUSDT"), run);
            await UntilAsync(() => IsWhole(folder, "NEWUSDT") && First(folder, "NEWUSDT") == 0, run);
            run.Signal(Signal.Terminate);
            StringAssert.Contains((await run.WaitAsync()).ShouldExitWith(0).Errors, "'UNKNOWNUSDT'");
            (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
            var after = await SymbolsAsync(folder, "list");
            Assert.AreEqual(JsonValueKind.Null, after.GetProperty("captured").ValueKind);
            Assert.AreEqual(0L, StoredTrades.Count(folder["data"], "SELECT count(*) FROM REJECTED_TRADES"));
            return;
        }

        Assert.Fail("A service did not start within minutes.");
    }

    [TestMethod]
    public async Task Run_HundredAddedAndHundredRemovedOfMoreThanAThousand_LosesNothingOfTheOthers()
    {
        using var folder = new TemporaryFolder();
        string[] tickers = [.. Enumerable.Range(0, 1222).Select(number => $"A{number:0000}USDT")];
        string[] others = [.. Enumerable.Range(0, 100).Select(number => $"B{number:0000}USDT")];
        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", string.Join(',', [.. tickers, .. others]), "--rate", "5000", "--json", "--data",
            folder["data"]);
        await using var run = await RunAsync(folder, exchange, "--symbols", "ALL", "--exclude", "B*");

        // Some symbols trade only now and then.
        await UntilAsync(() => Traded('A') > 1000, run);

        await SymbolsAsync(folder, ["add", .. others]);
        await SymbolsAsync(folder, "remove", "A00*");
        await UntilCapturedAsync(folder, string.Join(' ', [.. tickers[100..], .. others]), run);
        await UntilAsync(() => Traded('B') > 60, run);
        run.Signal(Signal.Terminate);
        var stopped = (await run.WaitAsync()).ShouldExitWith(0);

        foreach (var symbol in StoredTrades.Coverage(folder["data"]).Where(symbol => symbol.Covered.Count > 0))
        {
            if (!symbol.Key.Ticker.StartsWith("A00", StringComparison.Ordinal)) Assert.HasCount(1, symbol.Covered, symbol.Key.Ticker);
        }

        Assert.DoesNotContain("Disconnected", stopped.Errors);
        Assert.AreEqual(0L, StoredTrades.Count(folder["data"], "SELECT count(*) FROM REJECTED_TRADES"));
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);

        int Traded(char first) =>
            StoredTrades.Coverage(folder["data"]).Count(symbol => symbol.Key.Ticker[0] == first && symbol.Covered.Count > 0);
    }

    [TestMethod]
    public async Task Run_RolesOverKafka_FollowTheConfigurationFile()
    {
        await using var exchange = new SimulatedExchange(
            new SimulatedExchangeOptions { Symbols = ["BTCUSDT", "ETHUSDT", "BTCEUR"], Rate = 200 });
        await exchange.StartAsync();
        await using var kafka = KafkaDeployment.Start(
            exchange, readsSymbolsFromFile: true, [.. Often.Select(pair => (pair.Key, pair.Value))]);
        var configuration = kafka.Folder["appsettings.json"];
        await File.WriteAllTextAsync(configuration, """{"Exchange":{"Symbols":"BTC*"}}""");
        TradeIngestProcess[] roles = [kafka.Start("reference"), kafka.Start("sink"), kafka.Start("ingest")];
        await kafka.UntilAsync(() => Tickers(kafka).SetEquals(["BTCUSDT", "BTCEUR"]), Limit, roles);

        await File.WriteAllTextAsync(configuration, "{");
        await roles[2].WaitForErrorsAsync(text => text.Contains("stays as it was", StringComparison.Ordinal));
        await File.WriteAllTextAsync(configuration, """{"Exchange":{"Symbols":"*USDT"}}""");
        await kafka.UntilAsync(() => Tickers(kafka).Contains("ETHUSDT") && exchange.TradeStreams == 2, Limit, roles);

        var refused = (await kafka.RunAsync("symbols", "add", "BTCEUR", "--data", kafka.Data)).ShouldExitWith(2);
        StringAssert.Contains(refused.Errors, "appsettings.json");
        foreach (var role in roles.Reverse())
        {
            role.Signal(Signal.Terminate);
            (await role.WaitAsync()).ShouldExitWith(0);
        }

        Assert.IsFalse(kafka.HasOpenGaps());
    }

    [TestMethod]
    [DataRow("add", "BTC/USDT", "because of '/'")]
    [DataRow("remove", "", "No ticker")]
    public async Task Symbols_NoTicker_IsRefused(string change, string ticker, string message)
    {
        using var folder = new TemporaryFolder();

        var refused = await TradeIngestProcess.RunAsync(folder.FullName, "symbols", change, ticker, "--data", folder["data"]);

        StringAssert.Contains(refused.ShouldExitWith(2).Errors, message);
        Assert.IsFalse(Directory.Exists(folder["data"]));
    }

    [TestMethod]
    [DataRow("--symbols", "*USD/T")]
    [DataRow("--exclude", "BTC?USDT")]
    public async Task Run_MalformedPattern_IsWrongConfiguration(string option, string pattern)
    {
        using var folder = new TemporaryFolder();

        var refused = await TradeIngestProcess.RunAsync(folder.FullName, "run", option, pattern, "--data", folder["data"]);

        StringAssert.Contains(refused.ShouldExitWith(2).Errors, $"'{pattern}' is no ticker or pattern");
    }

    private static async Task<TradeIngestProcess> RunAsync(TemporaryFolder folder, TradeIngestProcess exchange, params string[] options)
    {
        var output = await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'));
        var bases = JsonDocument.Parse(output).RootElement;
        return TradeIngestProcess.Start(
            folder.FullName, Often,
            [
                "run", "--ws", bases.GetProperty("web_socket").GetString()!, "--rest", bases.GetProperty("rest").GetString()!,
                "--data", folder["data"], "--json", .. options,
            ]);
    }

    private static async Task<JsonElement> SymbolsAsync(TemporaryFolder folder, params string[] arguments) =>
        (await TradeIngestProcess.RunAsync(folder.FullName, ["symbols", .. arguments, "--data", folder["data"], "--json"]))
            .ShouldExitWith(0).Json;

    private static async Task UntilCapturedAsync(TemporaryFolder folder, string tickers, TradeIngestProcess run)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            var captured = (await SymbolsAsync(folder, "list")).GetProperty("captured");
            if (captured.ValueKind == JsonValueKind.Array
                && string.Join(' ', captured.EnumerateArray().Select(ticker => ticker.GetString())) == tickers) return;
            if (limit.IsCancellationRequested || run.HasExited) Assert.Fail($"Captured are {captured}. {run.Errors}");
        }
    }

    private static Task GrowAsync(TemporaryFolder folder, string ticker, TradeIngestProcess run)
    {
        var until = Stored(folder, ticker) + 100;
        return UntilAsync(() => Stored(folder, ticker) >= until, run);
    }

    private static SymbolCoverage? Coverage(TemporaryFolder folder, string ticker) =>
        StoredTrades.Coverage(folder["data"]).FirstOrDefault(symbol => symbol.Key.Ticker == ticker);

    private static long Stored(TemporaryFolder folder, string ticker) => Coverage(folder, ticker)?.Count(CoverageState.Stored) ?? 0;

    private static long First(TemporaryFolder folder, string ticker) => Coverage(folder, ticker)!.Covered[0].From;

    private static bool IsWhole(TemporaryFolder folder, string ticker) => Coverage(folder, ticker)?.Covered.Count == 1;

    private static HashSet<string> Tickers(KafkaDeployment kafka) =>
        kafka.Coverage().Where(symbol => symbol.Covered.Count > 0).Select(symbol => symbol.Key.Ticker).ToHashSet(StringComparer.Ordinal);

    private static async Task UntilAsync(Func<bool> condition, TradeIngestProcess run)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!condition())
        {
            if (limit.IsCancellationRequested || run.HasExited) Assert.Fail(run.Errors);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
