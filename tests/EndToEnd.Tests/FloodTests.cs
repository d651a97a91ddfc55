using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Tests.Binance;

namespace Crypto.EndToEnd.Tests;

/// <summary>A hostile exchange against the real executable.</summary>
[TestClass]
public sealed class FloodTests
{
    [TestMethod]
    public async Task Run_FloodOfLargeFramesThatAreNoTrades_StaysSmallAndCountsEach()
    {
        const int Frames = 1500;
        using var folder = new TemporaryFolder();
        await using var catalog = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--json");
        var rest = JsonDocument.Parse(
            await catalog.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement.GetProperty("rest").GetString()!;
        await using var exchange = new ScriptedExchange();
        await using var run = TradeIngestProcess.Start(
            folder.FullName, "run", "--ws", exchange.Address.ToString(), "--rest", rest, "--symbols", "BTCUSDT", "--data", folder["data"],
            "--json");
        var connection = await exchange.AcceptAsync();
        await run.WaitForErrorsAsync(text => text.Contains("Connected to", StringComparison.Ordinal));

        await connection.FloodAsync($$"""{"e":"trade",{{new string('x', 1_000_000)}}""", Frames);
        await run.WaitForOutputAsync(text => LastReport(text) is { } report && DeadLetters(report) == Frames);
        var peak = run.PeakMemory;
        run.Signal(Signal.Terminate);

        var report = LastReport((await run.WaitAsync()).ShouldExitWith(0).Output)!.Value;
        Assert.AreEqual(report.GetProperty("frames").GetInt64(), report.GetProperty("other_frames").GetInt64() + DeadLetters(report));
        Assert.IsLessThan(500L << 20, peak, "bytes of memory at the peak");
        var status = await TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"], "--json");
        var totals = status.ShouldExitWith(0).Json.GetProperty("totals");
        Assert.AreEqual(Frames, totals.GetProperty("dead_letters").GetInt64() + totals.GetProperty("summarized").GetInt64());

        var listed = (
            await TradeIngestProcess.RunAsync(
                folder.FullName, "dlq", "list", "--limit", "100000", "--data", folder["data"], "--json")).ShouldExitWith(0).Json;
        Assert.AreEqual(Frames, listed.EnumerateArray().Sum(letter => letter.GetProperty("count").GetInt64()));
        foreach (var letter in listed.EnumerateArray())
        {
            Assert.IsLessThanOrEqualTo(65_536, letter.GetProperty("base64").GetBytesFromBase64().Length);
        }
    }

    private static long DeadLetters(JsonElement report) =>
        report.GetProperty("dead_letters").GetInt64() + report.GetProperty("summarized").GetInt64();

    private static JsonElement? LastReport(string output)
    {
        var line = output[..(output.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
        return line is null ? null : JsonDocument.Parse(line).RootElement;
    }
}
