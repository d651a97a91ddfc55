using System.Text.Json;
using Crypto.TestSupport;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>An exchange in one process, the capture in another, over real sockets.</summary>
[TestClass]
public sealed class CaptureTests
{
    [TestMethod]
    public async Task Run_KilledWhileCapturing_MissesNothingInTheEnd()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", "BTCUSDT,ETHUSDT,币安人生USDT", "--rate", "3000", "--json");
        var bases = await BasesAsync(exchange);
        for (var kill = 0; kill < 4; kill++)
        {
            var before = Stored(folder);
            await using var run = Start(folder, bases);
            await UntilAsync(() => Stored(folder) > before + 500);
            await run.KillAsync();
        }

        // The last run stays until it has captured every symbol and the gaps that the kills left are fetched, then is asked to end.
        var newest = await NewestTrades.ReadAsync(bases.Http);
        await using (var run = Start(folder, bases))
        {
            await UntilAsync(() => newest.ArePassedBy(StoredTrades.Coverage(folder["data"])));
            run.Signal(Signal.Terminate);
            var drained = (await run.WaitAsync()).ShouldExitWith(0).Output.TrimEnd().Split('\n')[^1];
            Assert.IsTrue(JsonDocument.Parse(drained).RootElement.GetProperty("drain").GetProperty("balances").GetBoolean(), drained);
        }

        var status = (await StatusAsync(folder)).ShouldExitWith(0).Json;
        var symbols = status.GetProperty("symbols").EnumerateArray().ToList();
        Assert.HasCount(3, symbols);
        foreach (var symbol in symbols) Assert.AreEqual(1, symbol.GetProperty("coverage").GetArrayLength(), symbol.ToString());
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"], "--json")).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Run_ClockOfThisMachineADaySlow_StoresEveryTradeAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--clock-ahead", "25h", "--json");
        await using var run = Start(folder, await BasesAsync(exchange));

        await UntilAsync(() => Stored(folder) > 500);
        run.Signal(Signal.Terminate);

        StringAssert.Contains((await run.WaitAsync()).ShouldExitWith(0).Errors, "behind the exchange's");
        var shown = await TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"], "--json");
        var symbol = shown.ShouldExitWith(0).Json.GetProperty("symbols")[0];
        Assert.AreEqual((0L, 0L), (symbol.GetProperty("quarantined").GetInt64(), symbol.GetProperty("missing").GetInt64()));
    }

    [TestMethod]
    public async Task Run_Interrupted_DrainsAndExits130()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--json");
        await using var run = Start(folder, await BasesAsync(exchange));
        await UntilAsync(() => Stored(folder) > 0);
        (await StatusAsync(folder)).ShouldExitWith(0);

        run.Signal(Signal.Interrupt);

        (await run.WaitAsync()).ShouldExitWith(130);
        var log = (await StatusAsync(folder)).ShouldExitWith(0).Json.GetProperty("log");
        foreach (var partition in log.EnumerateArray()) Assert.AreEqual(0, partition.GetProperty("lag").GetInt64());
    }

    [TestMethod]
    public async Task Run_SecondWriterOfAFolder_IsRefusedAndNamesTheFirst()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--json");
        var bases = await BasesAsync(exchange);
        await using var first = Start(folder, bases);
        await UntilAsync(() => Stored(folder) > 0);

        await using var second = Start(folder, bases);

        StringAssert.Contains((await second.WaitAsync()).ShouldExitWith(3).Errors, "is being written by process");
        Assert.IsFalse(first.HasExited);
    }

    [TestMethod]
    public async Task Run_ExchangeRestarted_ReconnectsByItself()
    {
        using var folder = new TemporaryFolder();
        var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--json");
        var bases = await BasesAsync(exchange);
        var port = new Uri(bases.Http).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await using var run = Start(folder, bases);
        await UntilAsync(() => Stored(folder) > 0);

        await exchange.KillAsync();
        await exchange.DisposeAsync();
        await using var restarted = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--port", port, "--seed", "2", "--json");
        await BasesAsync(restarted);

        // Another seed, other ids: its trades can only have come over a new connection.
        await UntilAsync(() => StoredTrades.Coverage(folder["data"]) is [{ Covered.Count: 2 }]);
        Assert.IsFalse(run.HasExited);
    }

    [TestMethod]
    [DataRow("warehouse.db")]
    [DataRow("log.db")]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public async Task Run_StoreDeletedMeanwhile_StopsAndNamesIt(string store)
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--json");
        await using var run = Start(folder, await BasesAsync(exchange));
        await UntilAsync(() => Stored(folder) > 0);

        File.Delete(Path.Combine(folder["data"], store));

        var result = (await run.WaitAsync()).ShouldExitWith(3);
        StringAssert.Contains(result.Errors, $"{store}' was deleted, moved or replaced");
    }

    [TestMethod]
    public async Task DlqList_BesideARunningService_ListsWhatIsThere()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["bad.jsonl"], "{\"stream\":\"btcusdt@trade\",\"data\":nonsense}\n");
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", folder["bad.jsonl"], "--data", folder["data"])).ShouldExitWith(1);
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "500", "--json");
        await using var run = Start(folder, await BasesAsync(exchange));
        await UntilAsync(() => Stored(folder) > 0);

        var listed = await TradeIngestProcess.RunAsync(folder.FullName, "dlq", "list", "--data", folder["data"], "--json");
        var replayed = await TradeIngestProcess.RunAsync(folder.FullName, "dlq", "replay", "--data", folder["data"]);

        Assert.AreEqual(1, listed.ShouldExitWith(0).Json.GetArrayLength());
        StringAssert.Contains(replayed.ShouldExitWith(3).Errors, "is being written by process");
        Assert.IsFalse(run.HasExited);
    }

    [TestMethod]
    public async Task Simulate_KilledWithTradesOnTheirWay_GivesNoTradeItsIdAgain()
    {
        using var folder = new TemporaryFolder();
        string[] simulate = ["simulate", "--symbols", "BTCUSDT", "--data", folder["data"], "--json"];
        await using (var exchange = TradeIngestProcess.Start(folder.FullName, [.. simulate, "--rate", "5000"]))
        {
            await using var run = Start(folder, await BasesAsync(exchange));
            await UntilAsync(() => Stored(folder) > 20_000);
            await run.KillAsync();
            await exchange.KillAsync();
        }

        // A kill leaves some trades in the log that the warehouse does not have yet; here, all of them.
        foreach (var part in Directory.EnumerateFiles(folder["data"], "warehouse.db*")) File.Delete(part);

        await using (var exchange = TradeIngestProcess.Start(folder.FullName, [.. simulate, "--rate", "1000"]))
        {
            var bases = await BasesAsync(exchange);
            var newest = await NewestTrades.ReadAsync(bases.Http);
            await using var run = Start(folder, bases);
            await UntilAsync(() => newest.ArePassedBy(StoredTrades.Coverage(folder["data"])));
            run.Signal(Signal.Terminate);
            (await run.WaitAsync()).ShouldExitWith(0);
        }

        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"], "--json")).ShouldExitWith(0);
        var status = (await StatusAsync(folder)).ShouldExitWith(0).Json.GetProperty("symbols")[0];
        Assert.AreEqual(1, status.GetProperty("coverage").GetArrayLength(), status.ToString());
    }

    [TestMethod]
    public async Task Run_UnknownSymbol_ExitsWithASuggestion()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--json");
        var bases = await BasesAsync(exchange);

        var result = await TradeIngestProcess.RunAsync(
            folder.FullName, "run", "--ws", bases.WebSocket, "--rest", bases.Http, "--symbols", "BTC-USDT,BTCUSDT",
            "--data", folder["data"]);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, "did you mean BTCUSDT?");
    }

    private static TradeIngestProcess Start(TemporaryFolder folder, (string WebSocket, string Http) bases) => TradeIngestProcess.Start(
        folder.FullName, "run", "--ws", bases.WebSocket, "--rest", bases.Http, "--symbols", "ALL", "--data", folder["data"], "--json");

    private static async Task<(string WebSocket, string Http)> BasesAsync(TradeIngestProcess exchange)
    {
        var output = JsonDocument.Parse(await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        return (output.GetProperty("web_socket").GetString()!, output.GetProperty("rest").GetString()!);
    }

    private static Task<TradeIngestProcess.Result> StatusAsync(TemporaryFolder folder) =>
        TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"], "--json");

    private static long Stored(TemporaryFolder folder) =>
        StoredTrades.Coverage(folder["data"]).Sum(symbol => symbol.Count(CoverageState.Stored));

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!condition()) await timer.WaitForNextTickAsync(limit.Token);
    }
}
