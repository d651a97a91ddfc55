using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Tests.Simulation.Streams;

[TestClass]
public sealed class StreamFaultTests
{
    private const int Trades = 4000;

    [TestMethod]
    public async Task Drop_SomeTrades_AreTheSameAgainAndInRest()
    {
        var received = await IdsAsync("drop=0.1");
        CollectionAssert.AreEqual(received, await IdsAsync("drop=0.1"));
        Assert.IsInRange(Trades * 85 / 100, Trades * 95 / 100, received.Count);
        CollectionAssert.AreEqual(received.Order().ToList(), received);

        await using var exchange = await RestClient.ProducedAsync(100, "drop=0.5");
        using var rest = new RestClient();
        var (_, trades) = await rest.AskAsync(exchange, "/api/v3/trades?symbol=BTCUSDT");
        Assert.AreEqual(exchange.Produced("BTCUSDT"), trades.GetArrayLength());
        Assert.IsGreaterThan(0, exchange.Withheld);
    }

    [TestMethod]
    public async Task Malformed_SomeFrames_BreakOffAndAreNoJson()
    {
        await using var exchange = await StartAsync("malformed=0.1");
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/stream?streams=btcusdt@trade");
        var broken = 0;
        for (var i = 0; i < Trades; i++)
        {
            var text = (await client.ReceiveAsync())!;
            StringAssert.StartsWith(text, "{\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\"");
            if (!IsJson(text)) broken++;
        }

        Assert.IsInRange(Trades / 20, Trades / 5, broken);
        await exchange.Finished;
    }

    [TestMethod]
    public async Task Foreign_SomeFrames_FollowTradesOfOthers()
    {
        await using var exchange = await StartAsync("foreign=0.1");
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
        var symbols = new Dictionary<string, int>(StringComparer.Ordinal) { ["BTCUSDT"] = 0, ["FOREIGNUSDT"] = 0 };
        while (symbols["BTCUSDT"] < Trades)
        {
            var trade = await client.ReceiveJsonAsync();
            Assert.AreEqual("trade", trade.GetProperty("e").GetString());
            symbols[trade.GetProperty("s").GetString()!]++;
        }

        Assert.IsInRange(Trades / 20, Trades / 5, symbols["FOREIGNUSDT"]);
    }

    [TestMethod]
    [DataRow("disconnect=30s:close", WebSocketCloseStatus.EndpointUnavailable)]
    [DataRow("disconnect=30s:reset", null)]
    [DataRow("disconnect=30s", null)]
    public async Task Disconnect_OneOfTwo_IsCut(string fault, WebSocketCloseStatus? status)
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await QuietAsync(clock, fault);
        using var one = await ConnectedAsync(exchange);
        using var other = await ConnectedAsync(exchange);
        Task<WebSocketCloseStatus?>[] cuts = [CutAsync(one), CutAsync(other)];
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.AreEqual(status, await await Task.WhenAny(cuts));
        await Patience.UntilAsync(() => exchange.OpenConnections == 1, CancellationToken.None);
        Assert.AreEqual(1, cuts.Count(cut => !cut.IsCompleted));

        static async Task<WebSocketCloseStatus?> CutAsync(StreamClient client)
        {
            try
            {
                Assert.IsNull(await client.ReceiveAsync());
                var status = client.Socket.CloseStatus;
                await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return status;
            }
            catch (WebSocketException)
            {
                return null;
            }
        }
    }

    [TestMethod]
    public async Task Stall_Connection_StaysOpenAndSendsNothing()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await QuietAsync(clock, "stall=10s");
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.SendTextAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        Assert.IsNotNull(await client.ReceiveAsync());

        await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(10));
        await Patience.UntilAsync(() => clock.NextDue > TimeSpan.Zero, CancellationToken.None);
        await client.SendTextAsync("""{"method":"LIST_SUBSCRIPTIONS","id":2}""");
        var next = client.ReceiveAsync();

        // Past several pings, and past the time in which they are to be answered.
        for (var i = 0; i < 6; i++) await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(20));
        Assert.IsFalse(next.IsCompleted);
        Assert.AreEqual(1, exchange.OpenConnections);

        // What does come at last is the end.
        exchange.ShutDownConnections();
        Assert.AreEqual(8, (await next)!.Value.Opcode);
    }

    [TestMethod]
    public async Task Latency_Trades_AreSoMuchOlderWhenTheyCome()
    {
        var clock = new ManualTimeProvider();
        var faults = FaultTable.Parse(1, ["latency=1s"]);
        await using var exchange = new SimulatedExchange(
            new() { Symbols = ["BTCUSDT"], Rate = 1000, TotalTrades = 100, TimeProvider = clock, Faults = faults });
        await exchange.StartAsync();
        await clock.StepUntilAsync(() => exchange.TotalProduced > 0);
        new SimulatedMarket(exchange.Description!).Symbol("BTCUSDT").Read(0, out var first);
        var age = TradeModel.Times.Timestamp.Now(clock) - first.EventTime;
        Assert.IsInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), age);
    }

    [TestMethod]
    [DataRow("upgrade-status=429:1", HttpStatusCode.TooManyRequests, "1")]
    [DataRow("upgrade-status=418:1:9s", (HttpStatusCode)418, "9")]
    [DataRow("upgrade-status=503:1", HttpStatusCode.ServiceUnavailable, null)]
    public async Task UpgradeStatus_OfAll_RefusesWithRetryAfter(string fault, HttpStatusCode status, string? retryAfter)
    {
        await using var exchange = await QuietAsync(TimeProvider.System, fault);
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsExactlyAsync<WebSocketException>(
            () => socket.ConnectAsync(new Uri(exchange.WsBase, "/ws"), CancellationToken.None));
        Assert.AreEqual(status, socket.HttpStatusCode);
        Assert.AreEqual(retryAfter, socket.HttpResponseHeaders!.TryGetValue("Retry-After", out var values) ? values.Single() : null);
    }

    private static async Task<List<long>> IdsAsync(string fault)
    {
        await using var exchange = await StartAsync(fault);
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
        var ids = new List<long>();

        // The announced end follows the last trade that is not withheld.
        _ = exchange.Finished.ContinueWith(_ => exchange.AnnounceShutdown(), TaskScheduler.Default);
        while ((await client.ReceiveJsonAsync()).TryGetProperty("t", out var id)) ids.Add(id.GetInt64());
        return ids;
    }

    private static async Task<SimulatedExchange> StartAsync(string fault)
    {
        var exchange = new SimulatedExchange(
            new() { Symbols = ["BTCUSDT"], TotalTrades = Trades, Faults = FaultTable.Parse(1, [fault]) });
        await exchange.StartAsync();
        return exchange;
    }

    private static async Task<SimulatedExchange> QuietAsync(TimeProvider clock, string fault)
    {
        // The first trade is an hour away.
        var exchange = new SimulatedExchange(
            new() { Symbols = ["BTCUSDT"], Rate = 0.001, TimeProvider = clock, Faults = FaultTable.Parse(1, [fault]) });
        await exchange.StartAsync();
        return exchange;
    }

    private static async Task<StreamClient> ConnectedAsync(SimulatedExchange exchange)
    {
        var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws");

        // A reply shows that the server has the connection.
        await client.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        return client;
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
