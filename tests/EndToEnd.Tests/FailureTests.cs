using System.Net;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.Warehouse.Sqlite;
using Microsoft.AspNetCore.Http;

namespace Crypto.EndToEnd.Tests;

/// <summary>Whatever goes wrong ends with a sentence and a code, never with an abort (134) and a stack that nobody asked for.</summary>
[TestClass]
public sealed class FailureTests
{
    private static string FailingCommands { get; } = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Crypto.FailingCommands.exe" : "Crypto.FailingCommands");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("command", "KeyNotFoundException")]
    [DataRow("several", "TimeoutException")]
    [DataRow("thread", "NotSupportedException")]
    [DataRow("pool", "DivideByZeroException")]
    [DataRow("timer", "InvalidCastException")]
    [DataRow("task", "FormatException")]
    public async Task Anything_ThatNobodyExpects_EndsWith3AndASentence(string command, string type)
    {
        var plain = (await FailAsync(command, "some words")).ShouldExitWith(3);
        Assert.AreEqual(
            $"error: Unexpected {type}: some words. Stored data is intact; run with --debug for the stack.", plain.Errors.Trim());

        var debug = (await FailAsync(command, "some words", "--debug")).ShouldExitWith(3);
        Assert.StartsWith(plain.Errors.Trim(), debug.Errors);
        Assert.Contains($"System.{(type == "KeyNotFoundException" ? "Collections.Generic." : "")}{type}: some words", debug.Errors);

        var error = ErrorOf((await FailAsync(command, "some words", "--json")).ShouldExitWith(3));
        Assert.StartsWith($"Unexpected {type}: some words", error.GetProperty("message").GetString());
        Assert.AreEqual(3, error.GetProperty("exit_code").GetInt32());
        Assert.IsFalse(error.TryGetProperty("stack", out _));
        Assert.AreNotEqual("", ErrorOf(await FailAsync(command, "some words", "--json", "--debug")).GetProperty("message").GetString());
    }

    [TestMethod]
    public async Task Anything_WithASecretInItsMessage_ShowsItNowhere()
    {
        foreach (var options in new string[][] { [], ["--debug"], ["--json", "--debug"] })
        {
            var result = (await FailAsync(["secret", "planted/secret", .. options])).ShouldExitWith(3);
            Assert.Contains("The secret is ***", result.Errors);
            Assert.DoesNotContain("planted", result.Errors);
        }
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task Output_OnAFullDisk_EndsWith3()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 100);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file)).ShouldExitWith(0);

        string[] commands =
        [
            "query 'SELECT 1'", "query 'SELECT 1' --json", "status", "status --json", "verify", "replay *.csv", "simulate --json", "--help",
            "dimension --help",
        ];
        foreach (var command in commands)
        {
            var result = await ShellAsync(folder, $"\"$0\" {command} > /dev/full");
            Assert.AreEqual(3, result.ExitCode, $"{command}: {result.Errors}");
            Assert.Contains("No space left on device", result.Errors, command);
            Assert.DoesNotContain("   at ", result.Errors, command);
            (await ShellAsync(folder, $"\"$0\" {command} > /dev/full 2> /dev/full")).ShouldExitWith(3);
        }
    }

    [TestMethod]
    public async Task Query_WithAParameter_SaysThatNothingGivesItsValue()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 10);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file)).ShouldExitWith(0);

        foreach (var sql in new[] { "SELECT @p", "SELECT ?", "SELECT $a + :b" })
        {
            Assert.Contains("parameters", (await TradeIngestProcess.RunAsync(folder.FullName, "query", sql)).ShouldExitWith(2).Errors);
        }
    }

    [TestMethod]
    public async Task Run_SymbolListedTwice_IsCapturedOnceOrNamedAndLeftOut()
    {
        const string Btc = """{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT"}""";
        using var folder = new TemporaryFolder();
        var symbols = $"[{Btc},{Btc}]";
        using var exchange = new LoopbackServer(
            IPAddress.Loopback, 0, context => context.Response.WriteAsync(
                $$"""{"serverTime":{{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}},"symbols":{{symbols}}}""",
                context.RequestAborted));
        await exchange.StartAsync(TestContext.CancellationToken);
        string[] run = ["run", "--rest", exchange.Base("http").ToString(), "--ws", exchange.Base("ws").ToString(), "--symbols", "ALL"];
        var data = Path.Combine(folder.FullName, "data");

        await using var running = TradeIngestProcess.Start(folder.FullName, run);
        using var patience = Patience.Start();
        while (StoredTrades.Count(data, "SELECT count(*) FROM SYMBOLS") != 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }

        running.Signal(Signal.Terminate);
        (await running.WaitAsync()).ShouldExitWith(0);

        symbols = $"[{Btc},{Btc.Replace("TRADING", "BREAK", StringComparison.Ordinal)}]";
        var refused = (await TradeIngestProcess.RunAsync(folder.FullName, run)).ShouldExitWith(3).Errors;
        Assert.Contains("BTCUSDT in a way that cannot be read: it is listed twice", refused);
        Assert.Contains("nothing to capture", refused);
        await exchange.StopAsync(CancellationToken.None);
    }

    [TestMethod]
    [DataRow("SSL_KEY_LOCATION", "/no/such/file")]
    [DataRow("SSL_KEY_PEM", "no key")]
    public async Task Kafka_KeyThatIsNone_EndsWith2(string setting, string value)
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string>
        {
            ["CRYPTO__Log__Kind"] = "Kafka",
            ["CRYPTO__Kafka__BootstrapServers"] = "127.0.0.1:1",
            ["CRYPTO__Kafka__Settings__SECURITY_PROTOCOL"] = "ssl",
            [$"CRYPTO__Kafka__Settings__{setting}"] = value,
        };

        var result = await TradeIngestProcess.RunAsync(folder.FullName, environment, "run", "--role", "sink");

        Assert.Contains("ssl.key", result.ShouldExitWith(2).Errors);
        Assert.DoesNotContain(value, result.Errors);
    }

    [TestMethod]
    [DataRow("{\n  \"Data\": \"d\",\n  \"Log\": { \"Partitions\": 1,, }\n}", "line 3, position 28")]
    [DataRow("{ \"Data\": \"d\"", "line 1, position 14")]
    [DataRow("", "line 1, position 1")]
    [DataRow("[]", "one JSON object")]
    [DataRow("{ \"Data\": \"d\", \"data\": \"e\" }", "each key once")]
    public async Task Configuration_BrokenJson_IsNamedWithItsPlace(string json, string message)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["appsettings.json"], json);

        var result = await TradeIngestProcess.RunAsync(folder.FullName, "status");

        Assert.Contains($"'{folder["appsettings.json"]}' ", result.ShouldExitWith(2).Errors);
        Assert.Contains(message, result.Errors);
    }

    [TestMethod]
    public async Task Commands_BesideAServiceThatHasJustCreatedItsLog_TakeItForNone()
    {
        using var folder = new TemporaryFolder();
        using (var warehouse = SqliteDatabase.OpenForWriting(folder["data/warehouse.db"], isDurable: false))
        {
            new SchemaMigrator(warehouse, TimeProvider.System).Migrate(TestContext.CancellationToken);
        }

        using var log = SqliteDatabase.OpenForWriting(folder["data/log.db"], isDurable: true);
        var status = (await TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"], "--json")).ShouldExitWith(0);
        Assert.AreEqual(0, status.Json.GetProperty("log").GetArrayLength());
        var check = await TradeIngestProcess.RunAsync(folder.FullName, "check", "--data", folder["data"]);
        Assert.Contains("there is no log yet", check.Output);
    }

    [TestMethod]
    [DataRow("--port '99999' is not a whole number from 0 to 65535", "simulate", "--port", "99999")]
    [DataRow("--port 'http' is not a whole number from 0 to 65535", "simulate", "--port", "http")]
    [DataRow("--speed 'NaN' is not a number from 0.001 to 1000000", "simulate", "--speed", "NaN")]
    [DataRow("--seconds '0' is not a whole number from 1 to 86400", "bench", "--seconds", "0")]
    [DataRow("--rate 'max' is not a number from 0.001 to 10000000", "bench", "--rate", "max")]
    [DataRow("--limit '-1' is not a whole number from 1", "dlq", "list", "--limit", "-1")]
    [DataRow("'12:00' is not an ISO 8601 date or time", "dimension", "as-known-at", "12:00")]
    [DataRow("'01/02/2026' is not an ISO 8601 date or time", "dimension", "as-known-at", "2026-02-01", "--valid-at", "01/02/2026")]
    public async Task Options_OutOfTheirRange_AreNamedWithItAlsoAsJson(string message, params string[] arguments)
    {
        using var folder = new TemporaryFolder();

        var plain = (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(2);
        var json = ErrorOf((await TradeIngestProcess.RunAsync(folder.FullName, [.. arguments, "--json"])).ShouldExitWith(2));

        Assert.Contains(message, plain.Errors);
        Assert.Contains(message, json.GetProperty("message").GetString()!);
        Assert.AreEqual(2, json.GetProperty("exit_code").GetInt32());
    }

    [TestMethod]
    public async Task BenchHelp_OffersNoRateThatIsRefused()
    {
        var help = (await TradeIngestProcess.RunAsync(Path.GetTempPath(), "bench", "--help")).ShouldExitWith(0).Output;

        Assert.DoesNotContain("or max", help);
        Assert.Contains("--debug", help);
    }

    /// <summary>The error that a command with <c>--json</c> wrote: one line, the last.</summary>
    internal static JsonElement ErrorOf(TradeIngestProcess.Result result)
    {
        Assert.AreEqual("", result.Output);
        return JsonDocument.Parse(result.Errors.TrimEnd().Split('\n')[^1]).RootElement.GetProperty("error");
    }

    private static async Task<TradeIngestProcess.Result> FailAsync(params string[] arguments)
    {
        var none = new Dictionary<string, string>();
        await using var process = TradeIngestProcess.StartProgram(FailingCommands, Path.GetTempPath(), none, arguments);
        return await process.WaitAsync();
    }

    private static async Task<TradeIngestProcess.Result> ShellAsync(TemporaryFolder folder, string script)
    {
        var none = new Dictionary<string, string>();
        await using var shell = TradeIngestProcess.StartProgram("bash", folder.FullName, none, "-c", script, TradeIngestProcess.Executable);
        return await shell.WaitAsync();
    }
}
