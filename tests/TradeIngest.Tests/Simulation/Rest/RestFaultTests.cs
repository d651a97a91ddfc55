using System.Text;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;

namespace Crypto.TradeIngest.Tests.Simulation.Rest;

[TestClass]
public sealed class RestFaultTests : IDisposable
{
    private readonly RestClient _rest = new();

    public void Dispose() => _rest.Dispose();

    [TestMethod]
    [DataRow(429, -1003, "7")]
    [DataRow(418, -1003, "7")]
    [DataRow(503, -1000, null)]
    public async Task RestStatus_OfAllReplies_HasTheExchangesErrorAndSaysWhenToComeBack(int status, int code, string? retryAfter)
    {
        var wait = retryAfter is null ? "" : $":{retryAfter}s";
        await using var exchange = await StartAsync($"rest-status={status}:1{wait}");

        using var reply = await _rest.GetAsync(exchange, "/api/v3/ping");

        Assert.AreEqual(status, (int)reply.StatusCode);
        Assert.AreEqual(retryAfter, reply.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null);
        var error = JsonDocument.Parse(await reply.Content.ReadAsStringAsync()).RootElement;
        Assert.AreEqual(code, error.GetProperty("code").GetInt32());
        Assert.AreNotEqual("", error.GetProperty("msg").GetString());
    }

    [TestMethod]
    public async Task RestStatus_OfSomeReplies_HitsTheSameRequestsAgain()
    {
        var first = await StatusesAsync();
        CollectionAssert.AreEqual(first, await StatusesAsync());
        Assert.IsInRange(20, 60, first.Count(status => status == 429));
        Assert.IsInRange(5, 40, first.Count(status => status == 500));

        async Task<List<int>> StatusesAsync()
        {
            await using var exchange = await StartAsync("rest-status=429:0.2", "rest-status=500:0.1");
            var statuses = new List<int>();
            for (var i = 0; i < 200; i++)
            {
                using var reply = await _rest.GetAsync(exchange, "/api/v3/ping");
                statuses.Add((int)reply.StatusCode);
            }

            return statuses;
        }
    }

    [TestMethod]
    public async Task RestHtml_OfAllReplies_IsAPageOfTheFirewall()
    {
        await using var exchange = await StartAsync("rest-html=403:1");
        using var reply = await _rest.GetAsync(exchange, "/api/v3/exchangeInfo");
        Assert.AreEqual(403, (int)reply.StatusCode);
        Assert.AreEqual("text/html", reply.Content.Headers.ContentType?.MediaType);
        StringAssert.Contains(await reply.Content.ReadAsStringAsync(), "<title>403 Forbidden</title>");
    }

    [TestMethod]
    public async Task RestStall_OfAllReplies_SendsHeadersAndNoEnd()
    {
        var exchange = await StartAsync("rest-stall=1");
        using var reply = await _rest.GetAsync(exchange, "/api/v3/exchangeInfo");
        Assert.AreEqual(200, (int)reply.StatusCode);
        var body = await reply.Content.ReadAsStreamAsync();
        var byteRead = new byte[1];
        Assert.AreEqual(1, await body.ReadAsync(byteRead));
        Assert.AreEqual((byte)'{', byteRead[0]);

        // What is read on has no end before the exchange has one, and that does not wait for it.
        var rest = new StreamReader(body, Encoding.UTF8).ReadToEndAsync();
        Assert.IsFalse(rest.IsCompleted);
        await exchange.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => rest);
    }

    [TestMethod]
    public async Task RestSlow_Body_ComesPieceByPiece()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await RestClient.StartAsync(
            new() { Rate = 0.001, TimeProvider = clock, Faults = FaultTable.Parse(1, ["rest-slow=40"]) });
        using var reply = await _rest.GetAsync(exchange, "/api/v3/time");
        var text = reply.Content.ReadAsStringAsync();

        // {"serverTime":…} has 28 bytes: seven times four, with a wait between them.
        for (var wait = 0; wait < 6; wait++)
        {
            Assert.IsFalse(text.IsCompleted);
            await clock.AdvanceToNextTimerAsync(TimeSpan.FromMilliseconds(100));
        }

        StringAssert.StartsWith(await text, "{\"serverTime\":");
    }

    [TestMethod]
    public async Task RestLag_Trades_ShowAfterTheStreamsHadThem()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await RestClient.StartAsync(
            new() { Rate = 1000, TimeProvider = clock, Faults = FaultTable.Parse(1, ["rest-lag=8s"]) });
        while (exchange.TotalProduced < 1000) await clock.AdvanceToNextTimerAsync(TimeSpan.FromMilliseconds(500));
        await exchange.HaltAsync();
        var produced = exchange.Produced("BTCUSDT");
        var (_, early) = await _rest.AskAsync(exchange, "/api/v3/trades?symbol=BTCUSDT");
        Assert.AreEqual(0, early.GetArrayLength());

        // In steps of a second, each seen by the loop that moves what is visible.
        var late = early;
        using var patience = Patience.Start();
        var last = FirstId(exchange) + produced - 1;
        while (late.GetArrayLength() == 0 || late[late.GetArrayLength() - 1].GetProperty("id").GetInt64() < last)
        {
            patience.Token.ThrowIfCancellationRequested();
            clock.Advance(TimeSpan.FromSeconds(1));
            (_, late) = await _rest.AskAsync(exchange, "/api/v3/trades?symbol=BTCUSDT");
        }
    }

    [TestMethod]
    [DataRow("trades?symbol=BTCUSDT")]
    [DataRow("historicalTrades?symbol=BTCUSDT")]
    [DataRow("aggTrades?symbol=BTCUSDT")]
    [DataRow("klines?symbol=BTCUSDT&interval=1m")]
    public async Task RestShort_Lists_AreEmpty(string path)
    {
        await using var whole = await RestClient.ProducedAsync(100);
        await using var exchange = await RestClient.ProducedAsync(100, "rest-short=1");
        Assert.IsGreaterThan(0, (await _rest.AskAsync(whole, "/api/v3/" + path)).Json.GetArrayLength());
        Assert.AreEqual(0, (await _rest.AskAsync(exchange, "/api/v3/" + path)).Json.GetArrayLength());
        Assert.AreEqual(JsonValueKind.Object, (await _rest.AskAsync(exchange, "/api/v3/time")).Json.ValueKind);
    }

    [TestMethod]
    [DataRow("empty", "")]
    [DataRow("short", "BTCUSDT")]
    [DataRow("twice", "BTCUSDT,ETHBTC,币安人生USDT,BTCUSDT")]
    public async Task ExchangeInfo_Faulty_HasStatus200(string fault, string tickers)
    {
        await using var exchange = await StartAsync($"exchange-info={fault}");
        var (status, json) = await _rest.AskAsync(exchange, "/api/v3/exchangeInfo");
        var symbols = json.GetProperty("symbols").EnumerateArray().Select(symbol => symbol.GetProperty("symbol").GetString());
        Assert.AreEqual((200, tickers), (status, string.Join(',', symbols)));
    }

    [TestMethod]
    public async Task Latency_Reply_WaitsForIt()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await RestClient.StartAsync(
            new() { Rate = 0.001, TimeProvider = clock, Faults = FaultTable.Parse(1, ["latency=250ms"]) });
        var reply = _rest.AskAsync(exchange, "/api/v3/ping");
        await Patience.UntilAsync(() => clock.NextDue <= TimeSpan.FromMilliseconds(250), CancellationToken.None);
        clock.Advance(TimeSpan.FromMilliseconds(249));
        Assert.IsFalse(reply.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.AreEqual(200, (await reply).Status);
    }

    private static Task<SimulatedExchange> StartAsync(params string[] faults) =>
        RestClient.StartAsync(new() { Rate = 0.001, Faults = FaultTable.Parse(1, faults) });

    private static long FirstId(SimulatedExchange exchange) =>
        new TradeIngest.Simulation.Markets.SimulatedMarket(exchange.Description!).Symbol("BTCUSDT").FirstId;
}
