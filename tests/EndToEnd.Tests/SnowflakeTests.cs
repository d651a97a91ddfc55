using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>An exchange, the capture and the emulator of Snowflake, each in a process of its own.</summary>
[TestClass]
public sealed class SnowflakeTests
{
    internal static readonly string Emulator = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Crypto.SnowflakeEmulator.exe" : "Crypto.SnowflakeEmulator");

    [TestMethod]
    [Timeout(240_000, CooperativeCancellation = true)]
    public async Task Run_KilledWhileStreamingIntoAFaultySnowflake_EachTradeOnceAsTheExchangeMadeIt()
    {
        using var folder = new TemporaryFolder();
        await using var snowflake = TradeIngestProcess.StartProgram(
            Emulator, folder.FullName, new Dictionary<string, string>(), "--data", folder["emulated.db"], "--key", folder["key.pem"],
            "--fault-share", "0.01", "--commit-delay-ms", "20");
        var environment = EnvironmentOf(await OutputAsync(snowflake));
        Task<TradeIngestProcess.Result> Command(params string[] arguments) =>
            TradeIngestProcess.RunAsync(folder.FullName, environment, arguments);

        (await Command("migrate", "--target", "snowflake")).ShouldExitWith(0);
        (await Command("check", "--target", "snowflake")).ShouldExitWith(0);
        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", "BTCUSDT,ETHUSDT,币安人生USDT", "--rate", "600", "--data", folder["data"], "--json");
        var bases = await OutputAsync(exchange);
        string[] run =
        [
            "run", "--ws", bases.GetProperty("web_socket").GetString()!, "--rest", bases.GetProperty("rest").GetString()!, "--symbols",
            "ALL", "--data", folder["data"], "--json",
        ];
        async Task<JsonElement> Status() => (await Command("status", "--data", folder["data"], "--json")).ShouldExitWith(0).Json;
        async Task<long> Facts() => (await Status()).GetProperty("totals").GetProperty("facts").GetInt64();

        await using (var killed = TradeIngestProcess.Start(folder.FullName, environment, run))
        {
            await UntilAsync(async () => await Facts() > 500, killed);
            await killed.KillAsync();
        }

        // The next one stays until it has captured every symbol and the gap that the kill left is fetched, then is asked to end.
        var newest = await NewestTrades.ReadAsync(bases.GetProperty("rest").GetString()!);
        await using (var last = TradeIngestProcess.Start(folder.FullName, environment, run))
        {
            var before = await Facts();
            await UntilAsync(async () => await Facts() > before + 1000 && newest.ArePassedBy(await Status()), last);
            last.Signal(Signal.Terminate);
            (await last.WaitAsync()).ShouldExitWith(0);
        }

        var status = await Status();
        Assert.AreEqual(3, status.GetProperty("symbols").GetArrayLength());
        foreach (var symbol in status.GetProperty("symbols").EnumerateArray())
        {
            Assert.AreEqual(1, symbol.GetProperty("coverage").GetArrayLength(), symbol.ToString());
        }

        foreach (var partition in status.GetProperty("log").EnumerateArray()) Assert.AreEqual(0, partition.GetProperty("lag").GetInt64());
        var verdict = (await Command("verify", "--data", folder["data"], "--json")).ShouldExitWith(0).Json;
        CollectionAssert.Contains(
            verdict.GetProperty("checks").EnumerateArray().Select(
                check => check.GetProperty("name").GetString()).ToArray(), "oracle_equal");
        const string ThreeRows = "SELECT TICKER, PRICE, TRADE_TIME FROM CONSUMPTION_TRADES LIMIT 3";
        var query = (await Command("query", ThreeRows, "--json")).ShouldExitWith(0).Json;
        Assert.AreEqual(3, query.GetArrayLength());
        var csv = (await Command("query", ThreeRows, "--format", "csv")).ShouldExitWith(0).Output;
        Assert.HasCount(4, csv.Trim().Split('\n'));
        StringAssert.StartsWith(csv, "TICKER,PRICE,TRADE_TIME");

        snowflake.Signal(Signal.Terminate);
        (await snowflake.WaitAsync()).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Run_SnowflakeMisconfigured_NamesEveryFault()
    {
        using var folder = new TemporaryFolder();

        var result = await TradeIngestProcess.RunAsync(
            folder.FullName, new Dictionary<string,
            string>
            { ["CRYPTO__Warehouse__Target"] = "Snowflake", ["CRYPTO__Snowflake__Access"] = "Telepathy" }, "run", "--data", folder["data"]);

        result.ShouldExitWith(2);
        StringAssert.Contains(result.Errors, "Snowflake:Account: ''");
        StringAssert.Contains(result.Errors, "Snowflake:Access: 'Telepathy' is none of Api, Driver");
    }

    [TestMethod]
    [DataRow("dimension", "history", "BTCUSDT")]
    [DataRow("dimension", "apply", "changes.csv")]
    [DataRow("replay", "trades.csv", "--json")]
    public async Task CommandOfTheDataFolder_SnowflakeConfigured_IsRefused(params string[] arguments)
    {
        using var folder = new TemporaryFolder();

        var result = await TradeIngestProcess.RunAsync(
            folder.FullName, new Dictionary<string,
            string>
            { ["CRYPTO__Warehouse__Target"] = "Snowflake", ["CRYPTO__Snowflake__Account"] = "myorg-account1" }, arguments);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, "CRYPTO__Warehouse__Target=Embedded");
    }

    internal static Dictionary<string, string> EnvironmentOf(JsonElement emulator) => new()
    {
        ["CRYPTO__Warehouse__Target"] = "Snowflake",
        ["CRYPTO__Snowflake__AccountUrl"] = emulator.GetProperty("url").GetString()!,
        ["CRYPTO__Snowflake__Account"] = emulator.GetProperty("account").GetString()!,
        ["CRYPTO__Snowflake__User"] = emulator.GetProperty("user").GetString()!,
        ["CRYPTO__Snowflake__PrivateKeyFile"] = emulator.GetProperty("key").GetString()!,
        ["CRYPTO__Snowflake__CheckpointInterval"] = "00:00:00.5",
    };

    internal static async Task<JsonElement> OutputAsync(TradeIngestProcess process) =>
        JsonDocument.Parse(await process.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;

    internal static async Task UntilAsync(Func<Task<bool>> condition, TradeIngestProcess alive)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            if (alive.HasExited) Assert.Fail($"{await alive.WaitAsync()}");
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }
}
