using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Tests.Log.Kafka;

namespace Crypto.EndToEnd.Tests;

/// <summary>The roles in processes of their own, over mock brokers in this one, against a simulated exchange in yet another.</summary>
[TestClass]
public sealed class KafkaTests
{
    [TestMethod]
    public async Task Run_EachRoleKilled_MissesNothingAndStoresNothingTwice()
    {
        using var folder = new TemporaryFolder();
        using var cluster = new MockCluster();
        cluster.CreateTopic("stock_trades", 4);
        cluster.CreateTopic("stock_trades_dlq", 1);
        cluster.CreateTopic("symbol_changes", 1);
        var environment = new Dictionary<string, string>
        {
            ["CRYPTO__Log__Kind"] = "Kafka",
            ["CRYPTO__Kafka__BootstrapServers"] = cluster.BootstrapServers,
            ["CRYPTO__Kafka__ConfigTimeout"] = "00:00:00.1",
            ["CRYPTO__Kafka__Settings__SESSION_TIMEOUT_MS"] = "6000",
            ["CRYPTO__Kafka__Settings__HEARTBEAT_INTERVAL_MS"] = "500",
        };
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--rate", "1000", "--json");
        var output = JsonDocument.Parse(await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        string[] bases = ["--ws", output.GetProperty("web_socket").GetString()!, "--rest", output.GetProperty("rest").GetString()!];

        TradeIngestProcess Start(params string[] roles) => TradeIngestProcess.Start(
            folder.FullName, environment, ["run", .. roles.SelectMany(role => new[] { "--role", role }), .. bases, "--symbols", "ALL", "--data", folder["data"], "--json"]);

        await using var reference = Start("reference");
        for (var kill = 0; kill < 2; kill++)
        {
            var before = await FactsAsync(folder);
            await using var sink = Start("sink");
            await using var ingest = Start("ingest");
            await UntilAsync(async () => await FactsAsync(folder) > before + 500, ingest, sink, reference);
            await (kill % 2 == 0 ? ingest : sink).KillAsync();
        }

        await using var lastSink = Start("sink");
        await using (var lastIngest = Start("ingest"))
        {
            var before = await FactsAsync(folder);
            await UntilAsync(async () => await FactsAsync(folder) > before + 2000 && await OpenGapsAsync(folder) == 0, lastIngest, lastSink, reference);
            lastIngest.Signal("TERM");
            (await lastIngest.WaitAsync()).ShouldExitWith(0);
        }

        lastSink.Signal("TERM");
        (await lastSink.WaitAsync()).ShouldExitWith(0);
        var status = (await TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"], "--json")).ShouldExitWith(0).Json;
        foreach (var symbol in status.GetProperty("symbols").EnumerateArray()) Assert.AreEqual(1, symbol.GetProperty("coverage").GetArrayLength(), symbol.ToString());
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"], "--json")).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Run_RoleWithTheLogInAFile_SaysWhatItNeeds()
    {
        using var folder = new TemporaryFolder();

        var result = await TradeIngestProcess.RunAsync(folder.FullName, "run", "--role", "sink", "--data", folder["data"]);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, "CRYPTO__Log__Kind=Kafka");
    }

    private static async Task<JsonElement?> StatusAsync(TemporaryFolder folder)
    {
        var status = await TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"], "--json");
        return status.ExitCode == 0 ? status.Json : null;
    }

    private static async Task<long> FactsAsync(TemporaryFolder folder) =>
        await StatusAsync(folder) is { } status ? status.GetProperty("totals").GetProperty("facts").GetInt64() : 0;

    private static async Task<long> OpenGapsAsync(TemporaryFolder folder) =>
        (await StatusAsync(folder))!.Value.GetProperty("symbols").EnumerateArray().Sum(symbol => symbol.GetProperty("open_gaps").GetArrayLength());

    private static async Task UntilAsync(Func<Task<bool>> condition, params TradeIngestProcess[] alive)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!await condition())
        {
            foreach (var process in alive)
            {
                if (process.HasExited) Assert.Fail($"{await process.WaitAsync()}");
            }

            await timer.WaitForNextTickAsync(limit.Token);
        }
    }
}
