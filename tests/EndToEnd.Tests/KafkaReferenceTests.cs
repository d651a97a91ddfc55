using System.Text.RegularExpressions;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// Two processes with the reference role, of which one at a time publishes; the exchange changes what it says of a symbol.
/// </summary>
[TestClass]
public sealed partial class KafkaReferenceTests
{
    private const string Ticker = "BTCUSDT";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [TestMethod]
    public async Task Run_ActiveReferenceKilled_AnotherTakesOverAndEachChangeIsToldOnce()
    {
        await using var exchange = await ExchangeAsync();
        await using var kafka = KafkaDeployment.Start(exchange, ("CRYPTO__Exchange__InfoInterval", "00:00:01"));
        var sink = kafka.Start("sink");
        var references = new List<TradeIngestProcess> { kafka.Start("reference"), kafka.Start("reference") };
        await OneIsActiveAsync(kafka, references);
        await UntilToldAsync(kafka, 1, [sink, .. references]);
        exchange.SetStatus(Ticker, "BREAK");
        await UntilToldAsync(kafka, 2, [sink, .. references]);

        var active = references.Find(IsActive)!;
        references.Remove(active);
        await active.KillAsync();
        exchange.SetStatus(Ticker, "HALT");
        await UntilToldAsync(kafka, 3, [sink, .. references]);
        Assert.IsTrue(IsActive(references[0]));
        references.Add(kafka.Start("reference"));
        await OneIsActiveAsync(kafka, references);
        exchange.SetStatus(Ticker, "TRADING");
        await UntilToldAsync(kafka, 4, [sink, .. references]);

        // A stop in good order hands over without waiting for a session to end.
        var leaving = references.Find(IsActive)!;
        references.Remove(leaving);
        leaving.Signal(Signal.Terminate);
        (await leaving.WaitAsync()).ShouldExitWith(0);
        exchange.SetStatus(Ticker, "BREAK");
        await UntilToldAsync(kafka, 5, [sink, .. references]);
        await AssertHistoryAsync(kafka, ["TRADING", "BREAK", "HALT", "TRADING", "BREAK"]);
    }

    [TestMethod]
    public async Task Run_ActiveReferencePausedBeyondItsSession_StandsByWhenItWakes()
    {
        await using var exchange = await ExchangeAsync();
        await using var kafka = KafkaDeployment.Start(exchange, ("CRYPTO__Exchange__InfoInterval", "00:00:01"));
        var sink = kafka.Start("sink");
        var references = new List<TradeIngestProcess> { kafka.Start("reference"), kafka.Start("reference") };
        await OneIsActiveAsync(kafka, references);
        await UntilToldAsync(kafka, 1, [sink, .. references]);

        var paused = references.Find(IsActive)!;
        var other = references.Find(process => process != paused)!;
        paused.Signal(Signal.Stop);
        exchange.SetStatus(Ticker, "BREAK");
        await UntilToldAsync(kafka, 2, [sink, .. references]);
        Assert.IsTrue(IsActive(other));
        paused.Signal(Signal.Continue);
        await paused.WaitForErrorsAsync(errors => errors.Contains("was silent for", StringComparison.Ordinal));
        await OneIsActiveAsync(kafka, references);
        exchange.SetStatus(Ticker, "HALT");
        await UntilToldAsync(kafka, 3, [sink, .. references]);

        await AssertHistoryAsync(kafka, ["TRADING", "BREAK", "HALT"]);
    }

    private static async Task<SimulatedExchange> ExchangeAsync()
    {
        var exchange = new SimulatedExchange(new SimulatedExchangeOptions { Symbols = [Ticker, "ETHUSDT"], Rate = 1 });
        await exchange.StartAsync();
        return exchange;
    }

    private static Task OneIsActiveAsync(KafkaDeployment kafka, List<TradeIngestProcess> references) => kafka.UntilAsync(
        () =>
            references.Count(IsActive) == 1
                && references.Count(process => StateOf(process) == "standby") == references.Count - 1, Limit, [.. references]);

    /// <summary>Waits until so many statements of the exchange about the symbol are in the warehouse.</summary>
    private static async Task UntilToldAsync(KafkaDeployment kafka, int statements, params TradeIngestProcess[] alive)
    {
        using var late = new CancellationTokenSource(Limit);
        while ((await QueryAsync(kafka, $"SELECT count(*) AS n FROM SYMBOL_CHANGES WHERE source = 'exchange_info' AND ticker = '{Ticker}'"))
            is not { Count: 1 } rows || rows[0] != $"{statements}")
        {
            if (alive.Any(process => process.HasExited) || late.IsCancellationRequested)
            {
                Assert.Fail($"Not told {statements} times. {string.Join(Environment.NewLine, alive.Select(process => process.Errors))}");
            }
        }
    }

    private static async Task AssertHistoryAsync(KafkaDeployment kafka, string[] statuses)
    {
        var history = await QueryAsync(kafka, $"SELECT status FROM DIM_SYMBOL WHERE ticker = '{Ticker}' ORDER BY valid_from");
        CollectionAssert.AreEqual(statuses, history);
    }

    private static async Task<List<string>> QueryAsync(KafkaDeployment kafka, string sql)
    {
        var result = await kafka.RunAsync("query", sql, "--data", kafka.Data, "--json");
        return result.ExitCode == 0 ? [.. result.Json.EnumerateArray().Select(row => row.EnumerateObject().Single().Value.ToString())] : [];
    }

    private static bool IsActive(TradeIngestProcess process) => StateOf(process) == "active";

    private static string StateOf(TradeIngestProcess process) =>
        State().Matches(process.Errors) is { Count: > 0 } states ? states[^1].Groups["state"].Value : "";

    [GeneratedRegex("-reference: (?<state>active|standby|joining)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex State();
}
