using System.Net;
using System.Text.Json;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeIngest.Tests.Simulation.Rest;

[TestClass]
public sealed class RestApiTests : IDisposable
{
    private static readonly string[] Symbols = ["BTCUSDT", "ETHBTC", "币安人生USDT"];
    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [TestMethod]
    public async Task HistoricalTrades_FromAnId_AreTheMarkets()
    {
        await using var exchange = await ProducedAsync(3000);
        var market = new SimulatedMarket(exchange.Description!);
        var first = market.Symbol("BTCUSDT").FirstId;
        using var reply = await GetAsync(
            exchange, $"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={first + 10}&limit=100", microseconds: true);
        var trades = await JsonAsync(reply);

        Assert.AreEqual(100, trades.GetArrayLength());
        for (var i = 0; i < 100; i++)
        {
            var trade = market.TradeAt("BTCUSDT", 10 + i);
            Amount.TryMultiply(trade.Price, trade.Quantity, out var amount);
            var time = trade.TradeTime.Microseconds;
            var maker = trade.BuyerIsMaker ? "true" : "false";
            var head = $$"""{"id":{{trade.TradeId}},"price":"{{trade.Price}}","qty":"{{trade.Quantity}}","quoteQty":"{{amount}}""";
            Assert.AreEqual(
                $$"""{{head}}","time":{{time}},"isBuyerMaker":{{maker}},"isBestMatch":true}""",
                trades[i].GetRawText());
        }
    }

    [TestMethod]
    public async Task Trades_AtTheEnds_ShowOnlyWhatHappened()
    {
        await using var exchange = await ProducedAsync(3000);
        var first = new SimulatedMarket(exchange.Description!).Symbol("BTCUSDT").FirstId;
        var last = first + exchange.Produced("BTCUSDT") - 1;

        Assert.AreEqual((last - 499, last), await EndsAsync(exchange, "/api/v3/trades?symbol=BTCUSDT"));
        Assert.AreEqual((last - 9, last), await EndsAsync(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT&limit=10"));
        Assert.AreEqual((first, first + 4), await EndsAsync(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT&limit=5&fromId=1"));
        Assert.AreEqual((last - 1, last), await EndsAsync(exchange, $"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={last - 1}"));
        using var future = await GetAsync(exchange, $"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={last + 1}");
        Assert.AreEqual("[]", await future.Content.ReadAsStringAsync());
    }

    [TestMethod]
    public async Task HistoricalTrades_Skipped_AreThere()
    {
        await using var exchange = await StartAsync(new() { TotalTrades = 100 });
        exchange.SkipNext("BTCUSDT", 1000);
        await ListenToTheEndAsync(exchange);
        var first = new SimulatedMarket(exchange.Description!).Symbol("BTCUSDT").FirstId;
        Assert.AreEqual(
            (first, first + exchange.Produced("BTCUSDT") - 1),
            await EndsAsync(exchange, $"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={first}"));
    }

    [TestMethod]
    public async Task ExchangeInfo_AllOneAndSome_DescribesListings()
    {
        await using var exchange = await StartAsync(new() { Rate = 0.001 });
        exchange.SetStatus("ETHBTC", "BREAK");

        using var all = await GetAsync(exchange, "/api/v3/exchangeInfo");
        CollectionAssert.AreEqual(Symbols, Tickers(await JsonAsync(all)));
        using var one = await GetAsync(exchange, "/api/v3/exchangeInfo?symbol=ETHBTC");
        var symbol = (await JsonAsync(one)).GetProperty("symbols")[0];
        Assert.AreEqual("BREAK", symbol.GetProperty("status").GetString());
        Assert.AreEqual("ETH", symbol.GetProperty("baseAsset").GetString());
        Assert.AreEqual("0.00001000", Filter(symbol, "PRICE_FILTER").GetProperty("tickSize").GetString());
        Assert.AreEqual("0.00010000", Filter(symbol, "LOT_SIZE").GetProperty("stepSize").GetString());
        using var some = await GetAsync(
            exchange, $"/api/v3/exchangeInfo?symbols={Uri.EscapeDataString("""["币安人生USDT","BTCUSDT"]""")}");
        CollectionAssert.AreEqual(new[] { "币安人生USDT", "BTCUSDT" }, Tickers(await JsonAsync(some)));
    }

    [TestMethod]
    [DataRow("/api/v3/trades", 400, -1102)]
    [DataRow("/api/v3/trades?symbol=NOSUCHUSDT", 400, -1121)]
    [DataRow("/api/v3/trades?symbol=btcusdt", 400, -1100)]
    [DataRow("/api/v3/trades?symbol=BTCUSDT&limit=1001", 400, -1130)]
    [DataRow("/api/v3/trades?symbol=BTCUSDT&limit=x", 400, -1100)]
    [DataRow("/api/v3/historicalTrades?symbol=BTCUSDT&fromId=", 400, -1105)]
    [DataRow("/api/v3/exchangeInfo?symbol=NOSUCHUSDT", 400, -1121)]
    [DataRow("/api/v3/exchangeInfo?symbols=BTCUSDT", 400, -1100)]
    [DataRow("/api/v3/exchangeInfo?symbol=BTCUSDT&symbols=[]", 400, -1128)]
    [DataRow("/api/v3/nothing", 404, 0)]
    public async Task Request_Wrong_AnswersTheDocumentedError(string path, int status, int code)
    {
        await using var exchange = await StartAsync(new() { Rate = 0.001 });
        using var reply = await GetAsync(exchange, path);
        Assert.AreEqual((HttpStatusCode)status, reply.StatusCode);
        if (code != 0) Assert.AreEqual(code, (await JsonAsync(reply)).GetProperty("code").GetInt32());
    }

    [TestMethod]
    public async Task Weight_OfEachEndpoint_AddsUpInTheHeader()
    {
        await using var exchange = await StartAsync(new() { Rate = 0.001, TimeProvider = new SetClock() });
        var used = 0;
        var requests = new[]
        {
            ("ping", 1), ("time", 1), ("exchangeInfo", 20), ("trades?symbol=BTCUSDT", 25), ("historicalTrades?symbol=BTCUSDT", 25),
        };
        foreach (var (path, weight) in requests)
        {
            using var reply = await GetAsync(exchange, "/api/v3/" + path);
            used += weight;
            Assert.AreEqual($"{used}", reply.Headers.GetValues("X-MBX-USED-WEIGHT-1M").Single());
        }
    }

    [TestMethod]
    public async Task Weight_OverTheLimit_RefusesThenBansThenForgives()
    {
        var clock = new SetClock();
        await using var exchange = await StartAsync(
            new() { Rate = 0.001, WeightPerMinute = 50, RefusalsBeforeBan = 2, TimeProvider = clock });
        clock.Now += TimeSpan.FromSeconds(15);

        foreach (var (status, wait) in new[] { (200, 0), (200, 0), (429, 45), (429, 45), (418, 120), (418, 120) })
        {
            using var reply = await GetAsync(exchange, "/api/v3/trades?symbol=BTCUSDT");
            Assert.AreEqual((HttpStatusCode)status, reply.StatusCode);
            if (status == 200) continue;
            Assert.AreEqual(wait, (int)reply.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
            Assert.AreEqual(-1003, (await JsonAsync(reply)).GetProperty("code").GetInt32());
        }

        clock.Now += TimeSpan.FromSeconds(60);
        using var banned = await GetAsync(exchange, "/api/v3/ping");
        Assert.AreEqual((HttpStatusCode)418, banned.StatusCode);
        clock.Now += TimeSpan.FromSeconds(60);
        using var forgiven = await GetAsync(exchange, "/api/v3/ping");
        Assert.AreEqual(HttpStatusCode.OK, forgiven.StatusCode);
    }

    [TestMethod]
    public async Task FailNextRequests_Two_FailsTwo()
    {
        await using var exchange = await StartAsync(new() { Rate = 0.001 });
        exchange.Faults.FailNextRequests(2, HttpStatusCode.InternalServerError);
        foreach (var status in new[] { 500, 500, 200 })
        {
            using var reply = await GetAsync(exchange, "/api/v3/ping");
            Assert.AreEqual((HttpStatusCode)status, reply.StatusCode);
        }
    }

    private static JsonElement Filter(JsonElement symbol, string type) =>
        symbol.GetProperty("filters").EnumerateArray().Single(filter => filter.GetProperty("filterType").GetString() == type);

    private static List<string?> Tickers(JsonElement info) =>
        [.. info.GetProperty("symbols").EnumerateArray().Select(symbol => symbol.GetProperty("symbol").GetString())];

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage reply) =>
        JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync()).RootElement;

    private static async Task<SimulatedExchange> StartAsync(SimulatedExchangeOptions options)
    {
        var exchange = new SimulatedExchange(options with { Symbols = Symbols });
        await exchange.StartAsync();
        return exchange;
    }

    private static async Task<SimulatedExchange> ProducedAsync(long trades)
    {
        var exchange = await StartAsync(new() { TotalTrades = trades });
        await ListenToTheEndAsync(exchange);
        return exchange;
    }

    private static async Task ListenToTheEndAsync(SimulatedExchange exchange)
    {
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
        var received = client.ReceiveAsync();
        await exchange.Finished;
        client.Socket.Abort();
        await received.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private async Task<(long First, long Last)> EndsAsync(SimulatedExchange exchange, string path)
    {
        using var reply = await GetAsync(exchange, path);
        var trades = await JsonAsync(reply);
        return (trades[0].GetProperty("id").GetInt64(), trades[trades.GetArrayLength() - 1].GetProperty("id").GetInt64());
    }

    private async Task<HttpResponseMessage> GetAsync(SimulatedExchange exchange, string path, bool microseconds = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(exchange.RestBase, path));
        if (microseconds) request.Headers.Add("X-MBX-TIME-UNIT", "MICROSECOND");
        return await _http.SendAsync(request);
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 2, 3, 10, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
