using System.Net;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>The simulator's faults, as users ask for them.</summary>
[TestClass]
public sealed class SimulatorFaultTests
{
    [TestMethod]
    [DataRow("drpo=0.1", "there is no such fault; the nearest is drop=SHARE, such as drop=0.01.")]
    [DataRow("rest-status=429", "'rest-status=429' is not rest-status=STATUS:SHARE[:TIME], such as rest-status=429:0.1.")]
    public async Task Simulate_FaultThatCannotBeRead_EndsWith2AndTheForm(string fault, string message)
    {
        using var folder = new TemporaryFolder();
        var result = await TradeIngestProcess.RunAsync(folder.FullName, "simulate", "--fault", fault, "--fault", "latency=1");
        var errors = result.ShouldExitWith(2).Errors;
        StringAssert.Contains(errors, message);
        StringAssert.Contains(errors, "'latency=1' is not latency=TIME, such as latency=250ms.");
    }

    [TestMethod]
    public async Task Simulate_Faults_ReachAnyClient()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--json", "--fault", "rest-status=429:0.5:3s", "--fault", "rest-html=403:1");
        var output = JsonDocument.Parse(await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        using var http = new HttpClient { BaseAddress = new Uri(output.GetProperty("rest").GetString()!) };
        var kinds = new HashSet<(HttpStatusCode, string?, TimeSpan?)>();
        for (var i = 0; i < 50; i++)
        {
            using var reply = await http.GetAsync("/api/v3/ping");
            kinds.Add((reply.StatusCode, reply.Content.Headers.ContentType?.MediaType, reply.Headers.RetryAfter?.Delta));
        }

        CollectionAssert.AreEquivalent(
            new (HttpStatusCode, string?, TimeSpan?)[]
            {
                (HttpStatusCode.TooManyRequests, "application/json", TimeSpan.FromSeconds(3)),
                (HttpStatusCode.Forbidden, "text/html", null),
            },
            kinds.ToList());
    }

    [TestMethod]
    public async Task Run_AgainstFaults_StoresEveryTrade()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = new SimulatedExchange(new()
        {
            Symbols = ["BTCUSDT", "ETHUSDT"],
            Rate = 200,
            TotalTrades = 2000,
            Faults = FaultTable.Parse(1, ["drop=0.005", "malformed=0.005", "foreign=0.01", "disconnect=3s", "latency=20ms"]),
        });
        await exchange.StartAsync();
        var environment = new Dictionary<string, string>
        {
            // The last trades may be among those that no stream brings.
            ["CRYPTO__Exchange__Backfill__Tails__Interval"] = "1s",
            ["CRYPTO__Exchange__Backfill__Tails__AfterConnect"] = "1s",
            ["CRYPTO__Exchange__Backfill__Tails__Recheck"] = "10s",
        };
        await using var run = TradeIngestProcess.Start(
            folder.FullName, environment, "run", "--ws", Base(exchange.WsBase), "--rest", Base(exchange.RestBase),
            "--symbols", "BTCUSDT,ETHUSDT", "--data", folder["data"], "--json");

        // A start that finds REST failing ends with 3; what has started goes on.
        await Patience.UntilAsync(() => exchange.AcceptedConnections > 0, CancellationToken.None);
        exchange.Faults.RestStatuses = FaultTable.Parse(1, ["rest-status=503:0.2"]).RestStatuses;
        await exchange.Finished;
        var market = new SimulatedMarket(exchange.Description!);
        var ends = exchange.Tickers.ToDictionary(
            ticker => ticker, ticker => market.Symbol(ticker).FirstId + exchange.Produced(ticker) - 1, StringComparer.Ordinal);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var ticks = Patience.Limit / TimeSpan.FromMilliseconds(50); !IsComplete(); ticks--)
        {
            Assert.IsFalse(run.HasExited, run.Errors);
            Assert.IsGreaterThan(0, ticks, $"Stored is {Text()}; traded were ids up to {string.Join(' ', ends)}. {run.Errors}");
            await timer.WaitForNextTickAsync();
        }

        Assert.IsGreaterThan(0, exchange.Withheld);
        Assert.IsGreaterThan(1, exchange.AcceptedConnections);
        const string Foreign = "SELECT count(*) FROM REJECTED_TRADES WHERE error_reason = 'not_subscribed'";
        await Patience.UntilAsync(() => StoredTrades.Count(folder["data"], Foreign) > 0, CancellationToken.None);

        // Those of the foreign symbol are not among them.
        IReadOnlyList<SymbolCoverage> Stored() => StoredTrades.Coverage(folder["data"]);
        string Text() => string.Join(' ', Stored().Select(symbol => $"{symbol.Key.Ticker} {string.Join(',', symbol.Covered)}"));
        bool IsComplete() =>
            Stored() is { Count: 2 } stored && stored.All(symbol => symbol.Covered is [var ids] && ids.To == ends[symbol.Key.Ticker]);
    }

    private static string Base(Uri uri) => uri.GetLeftPart(UriPartial.Authority);
}
