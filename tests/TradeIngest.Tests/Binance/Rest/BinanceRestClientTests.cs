using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance.Rest;

[TestClass]
public sealed class BinanceRestClientTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly Answers _answers = new();
    private readonly HttpClient _http;
    private readonly WeightBudget _budget;
    private readonly BinanceRestClient _client;
    private readonly Symbol _btc = new SymbolTable().Intern("BTCUSDT");

    public BinanceRestClientTests()
    {
        _http = new HttpClient(_answers) { BaseAddress = new Uri("https://api.example") };
        _budget = new WeightBudget(_clock, new ExchangeBan(_clock, path: null, NullLogger.Instance));
        _client = new BinanceRestClient(_http, _budget, _clock);
    }

    [TestMethod]
    public async Task FirstIdAt_Aggregate_IsTheFirstTradeOfIt()
    {
        _answers.Body = """[{"a":7,"p":"4.0","q":"12.0","f":28457,"l":28460,"T":1790446152678001,"m":true,"M":true}]""";

        Assert.AreEqual(28457, await _client.FirstIdAtAsync(_btc, new Timestamp(1790446152678000), CancellationToken.None));
        Assert.AreEqual(4, _budget.Used);
    }

    [TestMethod]
    public async Task FirstIdAt_NeverTraded_IsNull()
    {
        _answers.Body = "[]";

        Assert.IsNull(await _client.FirstIdAtAsync(_btc, default, CancellationToken.None));
    }

    [TestMethod]
    public async Task ReadTrades_Reply_BecomesBackfilledTrades()
    {
        _answers.Body =
            """
            [{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","time":1790446152678001,
              "isBuyerMaker":true,"isBestMatch":true}]
            """;
        using var batch = await _client.ReadTradesAsync(_btc, 28457, 10, CancellationToken.None);
        var trade = batch.Trades[0];

        Assert.AreEqual(
            "https://api.example/api/v3/historicalTrades?symbol=BTCUSDT&fromId=28457&limit=10",
            _answers.Last!.RequestUri!.ToString());
        Assert.AreEqual("MICROSECOND", _answers.Last.Headers.GetValues("X-MBX-TIME-UNIT").Single());
        Assert.AreEqual(
            new Trade(
                _btc,
                28457,
                Price.Parse("4.000001"),
                Quantity.Parse("12"),
                new Timestamp(1790446152678001),
                new Timestamp(1790446152678001),
                Timestamp.Now(_clock),
                AggressorSide.Sell,
                IngestSource.Backfill),
            trade);
    }

    [TestMethod]
    public async Task GetExchangeInfo_Reply_KeepsExactStepsAndToleratesNewFields()
    {
        _answers.Body = """
            {"timezone":"UTC","new":{},"symbols":[
              {"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","isSpotTradingAllowed":true,"extra":[],
               "filters":[{"filterType":"ICEBERG_PARTS","limit":10},{"filterType":"PRICE_FILTER","minPrice":"0.01","tickSize":"0.01000000"},
                          {"filterType":"LOT_SIZE","stepSize":"0.00001000"}]},
              {"symbol":"OLDBTC","status":"BREAK","baseAsset":"OLD","quoteAsset":"BTC","isSpotTradingAllowed":false,"filters":[]}]}
            """;
        var listing = await _client.GetExchangeInfoAsync(CancellationToken.None);

        Assert.AreEqual(
            new ExchangeSymbol("BTCUSDT", "TRADING", "BTC", "USDT", Price.Parse("0.01"), Quantity.Parse("0.00001"), true),
            listing.Symbols[0]);
        Assert.AreEqual(new ExchangeSymbol("OLDBTC", "BREAK", "OLD", "BTC", null, null, false), listing.Symbols[1]);
        Assert.IsEmpty(listing.Unreadable);
    }

    [TestMethod]
    [DataRow("""{"symbol":"BTCUSDT","status":"BREAK","baseAsset":"BTC","quoteAsset":"USDT"}""", "BTCUSDT", "listed twice")]
    [DataRow("""{"symbol":"BAD","baseAsset":"B","quoteAsset":"D"}""", "BAD", "'status' is missing")]
    [DataRow("""{"symbol":"BAD","status":7,"baseAsset":"B","quoteAsset":"D"}""", "BAD", "Number")]
    [DataRow("""{"symbol":"","status":"TRADING","baseAsset":"B","quoteAsset":"D"}""", "", "no symbol")]
    [DataRow(
        """{"symbol":"BAD","status":"TRADING","baseAsset":"B","quoteAsset":"D","filters":"""
            + """[{"filterType":"PRICE_FILTER","tickSize":"0.000000001"}]}""",
        "BAD", "eight decimals")]
    public async Task GetExchangeInfo_SymbolThatCannotBeRead_CostsNoOther(string symbol, string ticker, string reason)
    {
        const string Btc = """{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT"}""";
        var eth = Btc.Replace("BTC", "ETH", StringComparison.Ordinal);
        _answers.Body = $$"""{"symbols":[{{Btc}},{{eth}},{{Btc}},{{symbol}}]}""";

        var listing = await _client.GetExchangeInfoAsync(CancellationToken.None);

        CollectionAssert.AreEqual(
            new[] { "BTCUSDT", "ETHUSDT" }.Where(known => known != ticker).ToArray(),
            listing.Symbols.Select(known => known.Ticker).ToArray());
        Assert.AreEqual(ticker, listing.Unreadable.Single().Key);
        Assert.Contains(reason, listing.Unreadable.Single().Value);
    }

    [TestMethod]
    public async Task Get_RetryAfterOfSixtyDays_OnlyWaitsTheLongestBan()
    {
        _answers.Status = HttpStatusCode.TooManyRequests;
        _answers.RetryAfter = TimeSpan.FromDays(60);
        await Assert.ThrowsExactlyAsync<ExchangeException>(() => _client.GetTimeAsync(CancellationToken.None));
        _answers.Status = HttpStatusCode.OK;
        _answers.Body = """{"serverTime":1}""";

        var next = _client.GetTimeAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(3));

        Assert.AreEqual(new Timestamp(1000), await next.WaitAsync(Patience.Limit));
    }

    [TestMethod]
    [DataRow("https://user:hunter2@api.example/?token=hunter2")]
    [DataRow("https://api.example/base?signature=hunter2")]
    public async Task Get_AddressWithSecrets_ShowsNoneOfThem(string address)
    {
        using var http = new HttpClient(_answers) { BaseAddress = new Uri(address) };
        var client = new BinanceRestClient(http, _budget, _clock);
        _answers.Body = "<html>";
        var odd = await Assert.ThrowsExactlyAsync<ExchangeException>(() => client.GetTimeAsync(CancellationToken.None));
        _answers.Error = new HttpRequestException($"no answer from {address}");
        var unreachable = await Assert.ThrowsExactlyAsync<ExchangeException>(() => client.GetTimeAsync(CancellationToken.None));

        foreach (var message in new[] { odd.Message, unreachable.Message })
        {
            Assert.Contains("https://api.example", message);
            Assert.DoesNotContain("hunter2", message);
        }
    }

    [TestMethod]
    public async Task GetTime_Reply_IsInMicroseconds()
    {
        _answers.Body = """{"serverTime":1790446152678001}""";
        Assert.AreEqual(new Timestamp(1790446152678001), await _client.GetTimeAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task Get_UsedWeightTold_CorrectsTheBudget()
    {
        _answers.Body = """{"serverTime":1}""";
        _answers.UsedWeight = "1234";
        await _client.GetTimeAsync(CancellationToken.None);
        Assert.AreEqual(1234, _budget.Used);
    }

    [TestMethod]
    public async Task Get_InvalidSymbol_IsLastingAndSaysSo()
    {
        _answers.Status = HttpStatusCode.BadRequest;
        _answers.Body = """{"code":-1121,"msg":"Invalid symbol."}""";
        var e = await Assert.ThrowsExactlyAsync<ExchangeException>(() => _client.ReadTradesAsync(_btc, 1, 10, CancellationToken.None));

        Assert.IsFalse(e.IsTransient);
        Assert.AreEqual(-1121, e.Code);
        Assert.Contains("no such symbol", e.Message);
    }

    [TestMethod]
    [DataRow(429, "request limit")]
    [DataRow(418, "banned")]
    public async Task Get_Refused_BlocksEveryFurtherRequestAsLongAsTold(int status, string words)
    {
        _answers.Status = (HttpStatusCode)status;
        _answers.Body = """{"code":-1003,"msg":"Too many requests"}""";
        _answers.RetryAfter = TimeSpan.FromSeconds(90);
        var e = await Assert.ThrowsExactlyAsync<ExchangeException>(() => _client.GetTimeAsync(CancellationToken.None));
        var next = _client.GetTimeAsync(CancellationToken.None);

        Assert.IsTrue(e.IsTransient);
        Assert.AreEqual(TimeSpan.FromSeconds(90), e.RetryAfter);
        Assert.Contains(words, e.Message);
        Assert.Contains("00:01:30", e.Message);
        Assert.AreEqual(1, _answers.Count);

        _answers.Status = HttpStatusCode.OK;
        _answers.Body = """{"serverTime":1}""";
        _clock.Advance(TimeSpan.FromSeconds(90));
        await next.WaitAsync(Patience.Limit);
    }

    [TestMethod]
    [DataRow(503, "", true, 0)]
    [DataRow(200, "<html>", true, 0)]
    [DataRow(200, "{}", true, 0)]
    [DataRow(451, "{}", true, 5)]
    [DataRow(403, "<html>Forbidden</html>", true, 5)]
    [DataRow(404, "", true, 5)]
    [DataRow(408, "", true, 5)]
    [DataRow(409, "", true, 5)]
    [DataRow(301, "", true, 5)]
    [DataRow(400, """{"code":-1001,"msg":"Internal error"}""", true, 5)]
    [DataRow(401, """{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}""", true, 5)]
    [DataRow(400, """{"code":-1121,"msg":"Invalid symbol."}""", false, 0)]
    [DataRow(400, """{"code":-1100,"msg":"Illegal characters found in parameter."}""", false, 0)]
    public async Task Get_OtherTrouble_LastsOnlyWhereTheExchangeSaysSo(int status, string body, bool isTransient, int minutes)
    {
        _answers.Status = (HttpStatusCode)status;
        _answers.Body = body;
        var e = await Assert.ThrowsExactlyAsync<ExchangeException>(() => _client.GetTimeAsync(CancellationToken.None));
        Assert.AreEqual(isTransient, e.IsTransient);
        Assert.AreEqual(minutes, e.RetryAfter?.TotalMinutes ?? 0);
    }

    [TestMethod]
    public async Task Get_HostUnreachable_SaysWhatToCheck()
    {
        _answers.Error = new HttpRequestException("connection refused");
        var e = await Assert.ThrowsExactlyAsync<ExchangeException>(() => _client.GetTimeAsync(CancellationToken.None));
        Assert.IsTrue(e.IsTransient);
        Assert.Contains("https://api.example", e.Message);
        Assert.Contains("Check", e.Message);
    }

    public void Dispose()
    {
        _http.Dispose();
        _answers.Dispose();
    }

    private sealed class Answers : HttpMessageHandler
    {
        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public string Body { get; set; } = "{}";

        public string? UsedWeight { get; set; }

        public TimeSpan? RetryAfter { get; set; }

        public Exception? Error { get; set; }

        public HttpRequestMessage? Last { get; private set; }

        public int Count { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Last = request;
            Count++;
            if (Error is not null) return Task.FromException<HttpResponseMessage>(Error);
            var response = new HttpResponseMessage(Status) { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
            if (UsedWeight is not null) response.Headers.Add("X-MBX-USED-WEIGHT-1M", UsedWeight);
            if (RetryAfter is { } delay) response.Headers.RetryAfter = new RetryConditionHeaderValue(delay);
            return Task.FromResult(response);
        }
    }
}
