using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>The reference file edited while trades are captured.</summary>
[TestClass]
public sealed class ReferenceChangeTests
{
    [TestMethod]
    public async Task Run_MistakenBackDating_IsRefusedAndCaptureGoesOn()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", "BTCUSDT", "--rate", "1000", "--json");
        var output = await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'));
        var bases = JsonDocument.Parse(output).RootElement;
        Directory.CreateDirectory(folder["data"]);
        var file = Path.Combine(folder["data"], "symbols.csv");
        await File.WriteAllTextAsync(file, "ticker,sector,risk_level\nBTCUSDT,Gold,LOW\n");
        var limit = new Dictionary<string, string>
        {
            ["CRYPTO__Warehouse__RekeyLimit"] = "50",
            ["CRYPTO__Reference__Interval"] = "00:00:00.1",
        };
        await using var run = TradeIngestProcess.Start(
            folder.FullName, limit, "run", "--ws", bases.GetProperty("web_socket").GetString()!, "--rest",
            bases.GetProperty("rest").GetString()!,
            "--symbols", "BTCUSDT", "--data", folder["data"], "--json");
        await UntilFactsAsync(folder, 500);

        await File.WriteAllTextAsync(file, "ticker,sector,risk_level,valid_from\nBTCUSDT,Gold,LOW,\nBTCUSDT,Gold,HIGH,2020-01-01\n");
        await run.WaitForErrorsAsync(text => text.Contains("is not applied", StringComparison.Ordinal));
        await UntilFactsAsync(folder, Facts(folder) + 500);

        Assert.IsFalse(run.HasExited);
        await File.WriteAllTextAsync(file, "ticker,sector,risk_level\nBTCUSDT,Gold,MEDIUM\n");
        const string Mistaken = "SELECT count(*) AS n FROM CONSUMPTION_TRADES WHERE risk_level = 'HIGH'";
        const string Corrected = "SELECT count(*) FROM CONSUMPTION_TRADES WHERE risk_level = 'MEDIUM'";
        await UntilAsync(() => StoredTrades.Count(folder["data"], Corrected) > 0);
        var mistaken = await TradeIngestProcess.RunAsync(folder.FullName, "query", Mistaken, "--data", folder["data"], "--json");
        Assert.AreEqual(0, mistaken.ShouldExitWith(0).Json[0].GetProperty("n").GetInt64());
        run.Signal(Signal.Terminate);
        (await run.WaitAsync()).ShouldExitWith(0);
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
    }

    private static Task UntilFactsAsync(TemporaryFolder folder, long facts) => UntilAsync(() => Facts(folder) >= facts);

    private static long Facts(TemporaryFolder folder) => StoredTrades.Count(folder["data"], "SELECT count(*) FROM FACT_TRADES");

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!condition()) await timer.WaitForNextTickAsync(limit.Token);
    }
}
