using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>The first signal ends a command in the middle of its work, with exit code 130; what it was about to write is undone.</summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class SignalTests
{
    public static IEnumerable<object[]> Either => [[Signal.Interrupt], [Signal.Terminate]];

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Query_InALongStatement_EndsAtOnce(Signal signal)
    {
        using var folder = await ReplayedAsync();
        await AssertStopsAsync(folder, signal, Warehouse(folder), "query", EndlessData.Sql);
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Query_NobodyReadsItsOutput_EndsAtOnce(Signal signal)
    {
        using var folder = await ReplayedAsync();
        using var process = Process.Start(new ProcessStartInfo(
            TradeIngestProcess.Executable,
            ["query", EndlessData.Sql.Replace("count(*)", "i", StringComparison.Ordinal), "--format", "csv", "--data", folder["data"]])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;

        // The first line is there, the pipe fills, and the process stands in a write.
        var first = await process.StandardOutput.ReadLineAsync();
        Assert.AreEqual("i", first);
        Signals.Send(process.Id, signal);

        using var patience = Patience.Start();
        await process.WaitForExitAsync(patience.Token);
        Assert.AreEqual(130, process.ExitCode);
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Query_IntoAFile_LeavesNone(Signal signal)
    {
        using var folder = await ReplayedAsync();
        await AssertStopsAsync(
            folder, signal, Warehouse(folder), "query", EndlessData.Sql.Replace(
                "count(*)", "i", StringComparison.Ordinal), "--format", "csv",
            "--output", folder["rows.csv"]);

        Assert.IsEmpty(Directory.GetFiles(folder.FullName, "rows.csv*"));
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Verify_InALongCheck_EndsAtOnce(Signal signal)
    {
        using var folder = await ReplayedAsync();
        EndlessData.Of(Warehouse(folder), "SILVER_TRADES", isView: true);
        await AssertStopsAsync(folder, signal, Warehouse(folder), "verify");
        await AssertStopsAsync(folder, signal, Warehouse(folder), "verify", "--json");
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Status_InALongCount_EndsAtOnce(Signal signal)
    {
        using var folder = await ReplayedAsync();
        EndlessData.Of(Warehouse(folder), "REJECTED_TRADES");
        await AssertStopsAsync(folder, signal, Warehouse(folder), "status");
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task DimensionReads_OfALongHistory_EndAtOnce(Signal signal)
    {
        using var folder = await ReplayedAsync();
        EndlessData.Of(Warehouse(folder), "DIM_SYMBOL_VERSIONS");
        await AssertStopsAsync(folder, signal, Warehouse(folder), "dimension", "history", "BTCUSDT");
        await AssertStopsAsync(folder, signal, Warehouse(folder), "dimension", "as-known-at", "2026-03-01T00:00:00Z");
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task DlqList_OfALongLog_EndsAtOnce(Signal signal)
    {
        using var folder = await ReplayedAsync();
        EndlessData.Of(Path.Combine(folder["data"], "log.db"), "LOG_ENDS");
        await AssertStopsAsync(folder, signal, Path.Combine(folder["data"], "log.db"), "dlq", "list");
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task DimensionApply_InTheMiddle_ChangesNothing(Signal signal)
    {
        using var folder = await ReplayedAsync();
        await File.WriteAllLinesAsync(folder["symbols.csv"], ["ticker,sector,risk_level", "BTCUSDT,Gold,LOW", "ETHUSDT,Silver,LOW"]);
        EndlessData.OnInsert(Warehouse(folder), "DIM_SYMBOL_VERSIONS");
        var before = await ChangesAsync(folder);

        await AssertStopsAsync(folder, signal, Warehouse(folder), "dimension", "apply", folder["symbols.csv"]);

        Assert.AreEqual(before, await ChangesAsync(folder));
        EndlessData.RemoveTrigger(Warehouse(folder));
        var again = await TradeIngestProcess.RunAsync(
            folder.FullName, "dimension", "apply", folder["symbols.csv"], "--data", folder["data"]);
        again.ShouldExitWith(0);
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task DimensionRebuild_InTheMiddle_ChangesNothing(Signal signal)
    {
        using var folder = await ReplayedAsync();
        EndlessData.OnInsert(Warehouse(folder), "DIM_SYMBOL_VERSIONS");

        await AssertStopsAsync(folder, signal, Warehouse(folder), "dimension", "rebuild");

        EndlessData.RemoveTrigger(Warehouse(folder));
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Replay_InTheMiddle_GoesOnTheNextTime(Signal signal)
    {
        const int Trades = 500_000;
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, Trades);

        await AssertStopsAsync(folder, signal, Warehouse(folder), "replay", file);

        var again = (
            await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"], "--json")).ShouldExitWith(0).Json;
        Assert.AreEqual(Trades, again.GetProperty("warehouse").GetProperty("facts").GetInt64());
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Demo_WhileItRuns_EndsWith130(Signal signal)
    {
        using var folder = new TemporaryFolder();
        await using var process = TradeIngestProcess.Start(
            folder.FullName, "demo", "--for", "1h", "--rate", "100", "--data", folder["data"]);
        await process.WaitForOutputAsync(text => text.Contains("simulated exchange", StringComparison.Ordinal));

        process.Signal(signal);

        (await process.WaitAsync()).ShouldExitWith(130);
    }

    [TestMethod]
    [DynamicData(nameof(Either))]
    public async Task Bench_WhileItRuns_EndsWith130(Signal signal)
    {
        using var folder = new TemporaryFolder();
        await using var process = TradeIngestProcess.Start(folder.FullName, "bench", "--trades", "100000000", "--data", folder["data"]);
        await process.WaitForOpenAsync(Path.Combine(folder["data"], "throughput", "warehouse.db"));

        process.Signal(signal);

        (await process.WaitAsync()).ShouldExitWith(130);
    }

    [TestMethod]
    [DataRow(Signal.Interrupt, 130)]
    [DataRow(Signal.Terminate, 0)]
    public async Task Simulate_AServiceThatIsStopped_EndsAsAServiceDoes(Signal signal, int code)
    {
        using var folder = new TemporaryFolder();
        await using var process = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--json");
        await process.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'));

        process.Signal(signal);

        (await process.WaitAsync()).ShouldExitWith(code);
    }

    [TestMethod]
    [DataRow(Signal.Interrupt, "check", "--target", "snowflake")]
    [DataRow(Signal.Terminate, "check", "--target", "snowflake")]
    [DataRow(Signal.Interrupt, "migrate", "--target", "snowflake")]
    [DataRow(Signal.Terminate, "migrate", "--target", "snowflake")]
    [DataRow(Signal.Interrupt, "query", "SELECT 1")]
    [DataRow(Signal.Terminate, "status")]
    [DataRow(Signal.Terminate, "verify")]
    public async Task CommandOverSnowflake_AccountDoesNotAnswer_EndsAtOnce(Signal signal, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var process = TradeIngestProcess.Start(folder.FullName, EnvironmentOf(folder, silent), [.. arguments]);
        using var patience = Patience.Start();
        using var connection = await silent.AcceptTcpClientAsync(patience.Token);

        process.Signal(signal);

        var result = (await process.WaitAsync()).ShouldExitWith(130);
        if (arguments[0] == "check") StringAssert.Contains(result.Errors, "checking sign-in");
    }

    private static Dictionary<string, string> EnvironmentOf(TemporaryFolder folder, TcpListener account)
    {
        using var key = RSA.Create(2048);
        File.WriteAllText(folder["key.p8"], key.ExportPkcs8PrivateKeyPem());
        return new Dictionary<string, string>
        {
            ["CRYPTO__Warehouse__Target"] = "Snowflake",
            ["CRYPTO__Snowflake__AccountUrl"] = $"http://{account.LocalEndpoint}",
            ["CRYPTO__Snowflake__Account"] = "testorg-silent",
            ["CRYPTO__Snowflake__User"] = "TRADE_INGEST",
            ["CRYPTO__Snowflake__PrivateKeyFile"] = folder["key.p8"],
        };
    }

    /// <summary>Starts a command, and signals it once it has opened the file.</summary>
    private static async Task AssertStopsAsync(TemporaryFolder folder, Signal signal, string opened, params string[] arguments)
    {
        await using var process = TradeIngestProcess.Start(folder.FullName, [.. arguments, "--data", folder["data"]]);
        await process.WaitForOpenAsync(opened);
        process.Signal(signal);
        (await process.WaitAsync()).ShouldExitWith(130);
    }

    private static async Task<TemporaryFolder> ReplayedAsync()
    {
        var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 1000);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"])).ShouldExitWith(0);
        return folder;
    }

    private static async Task<string> ChangesAsync(TemporaryFolder folder) => (await TradeIngestProcess.RunAsync(
        folder.FullName, "query", "SELECT hash FROM SYMBOL_CHANGES ORDER BY hash", "--format", "csv", "--data",
        folder["data"])).ShouldExitWith(0).Output;

    private static string Warehouse(TemporaryFolder folder) => Path.Combine(folder["data"], "warehouse.db");
}
