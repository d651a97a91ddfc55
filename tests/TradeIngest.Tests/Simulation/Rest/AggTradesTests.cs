using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Tests.Simulation.Rest;

[TestClass]
public sealed class AggTradesTests : IDisposable
{
    private const string Path = "/api/v3/aggTrades?symbol=BTCUSDT";

    private readonly RestClient _rest = new();

    public void Dispose() => _rest.Dispose();

    [TestMethod]
    public async Task AggTrades_FromAnId_AreTheMarkets()
    {
        await using var exchange = await RestClient.ProducedAsync(3000);
        var market = new SimulatedMarket(exchange.Description!);
        var first = market.Symbol("BTCUSDT").FirstId;

        var (_, trades) = await _rest.AskAsync(exchange, $"{Path}&fromId={first + 10}&limit=100");

        Assert.AreEqual(100, trades.GetArrayLength());
        for (var i = 0; i < 100; i++)
        {
            var trade = market.TradeAt("BTCUSDT", 10 + i);
            var maker = trade.BuyerIsMaker ? "true" : "false";
            Assert.AreEqual(
                $$"""{"a":{{trade.TradeId}},"p":"{{trade.Price}}","q":"{{trade.Quantity}}","f":{{trade.TradeId}},"l":{{trade.TradeId}}"""
                + $$""","T":{{trade.TradeTime.Microseconds / 1000}},"m":{{maker}},"M":true}""",
                trades[i].GetRawText());
        }
    }

    [TestMethod]
    public async Task AggTrades_OfTimes_AreThoseTheDocumentationNames()
    {
        await using var exchange = await RestClient.ProducedAsync(3000);
        var produced = exchange.Produced("BTCUSDT");
        var trades = Enumerable.Range(0, (int)produced)
            .Select(k => new SimulatedMarket(exchange.Description!).TradeAt("BTCUSDT", k)).ToList();
        long Micro(int k) => trades[k].TradeTime.Microseconds;
        List<long> Ids(Func<SimulatedTrade, bool> which) => [.. trades.Where(which).Select(trade => trade.TradeId)];

        // Both ends count, in either unit.
        foreach (var unit in new[] { 1L, 1000 })
        {
            var (start, end) = (Micro(100) / unit, Micro(300) / unit);
            await AssertAsync("", Ids(_ => true).TakeLast(500));
            await AssertAsync($"&startTime={start}&limit=50", Ids(t => t.TradeTime.Microseconds / unit >= start).Take(50));
            await AssertAsync($"&endTime={end}&limit=50", Ids(t => t.TradeTime.Microseconds / unit <= end).TakeLast(50));
            await AssertAsync(
                $"&startTime={start}&endTime={end}&limit=1000",
                Ids(t => t.TradeTime.Microseconds / unit >= start && t.TradeTime.Microseconds / unit <= end).Take(1000));
            await AssertAsync($"&startTime={end + 1}&endTime={start}", []);
        }

        async Task AssertAsync(string query, IEnumerable<long> expected)
        {
            var (status, json) = await _rest.AskAsync(exchange, Path + query);
            Assert.AreEqual(200, status, query);
            CollectionAssert.AreEqual(
                expected.ToList(), json.EnumerateArray().Select(trade => trade.GetProperty("a").GetInt64()).ToList(), query);
        }
    }

    [TestMethod]
    [DataRow("/api/v3/aggTrades", -1102)]
    [DataRow(Path + "&limit=0", -1130)]
    [DataRow(Path + "&limit=1001", -1130)]
    [DataRow(Path + "&fromId=1&startTime=1", -1128)]
    [DataRow(Path + "&fromId=1&endTime=1", -1128)]
    [DataRow(Path + "&startTime=x", -1100)]
    [DataRow(Path + "&endTime=", -1105)]
    [DataRow("/api/v3/aggTrades?symbol=NOSUCHUSDT", -1121)]
    public async Task AggTrades_Wrong_AnswersTheDocumentedError(string path, int code)
    {
        await using var exchange = await RestClient.StartAsync(new() { Rate = 0.001 });
        var (status, json) = await _rest.AskAsync(exchange, path);
        Assert.AreEqual((400, code), (status, json.GetProperty("code").GetInt32()));
    }
}
