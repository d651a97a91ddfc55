using System.Globalization;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Tests.Simulation.Rest;

[TestClass]
public sealed class KlinesTests : IDisposable
{
    private const string Path = "/api/v3/klines?symbol=BTCUSDT";

    private readonly RestClient _rest = new();

    public void Dispose() => _rest.Dispose();

    [TestMethod]
    [DataRow("1s", 1)]
    [DataRow("1m", 60)]
    [DataRow("3m", 180)]
    [DataRow("5m", 300)]
    [DataRow("15m", 900)]
    [DataRow("30m", 1800)]
    [DataRow("1h", 3600)]
    [DataRow("4h", 14_400)]
    [DataRow("1d", 86_400)]
    public async Task Klines_OfEachInterval_AreThoseOfTheTrades(string interval, long seconds)
    {
        await using var exchange = await TwoHoursAsync();
        var trades = TradesOf(exchange);
        var expected = trades.GroupBy(trade => trade.TradeTime.Microseconds / (seconds * 1_000_000)).ToDictionary(bar => bar.Key, Bar);
        var (first, last) = (expected.Keys.Min(), expected.Keys.Max());

        foreach (var query in new[] { "", $"&startTime={first * seconds * 1000}" })
        {
            var (_, json) = await _rest.AskAsync(exchange, $"{Path}&interval={interval}&limit=1000{query}", microseconds: true);
            var bars = json.EnumerateArray().ToDictionary(bar => bar[0].GetInt64() / (seconds * 1_000_000));
            var from = query.Length == 0 ? bars.Keys.Max() - bars.Count + 1 : first;
            CollectionAssert.AreEqual(Enumerable.Range(0, bars.Count).Select(i => from + i).ToList(), bars.Keys.ToList(), query);
            Assert.IsTrue(bars.Count == 1000 || bars.Keys.Max() >= last, query);
            foreach (var (open, bar) in bars)
            {
                if (expected.TryGetValue(open, out var traded)) Assert.AreEqual(traded, bar.GetRawText());
                else Assert.AreEqual(0, bar[8].GetInt64());
            }

            Assert.IsTrue(bars.Keys.Any(expected.ContainsKey), query);
        }

        string Bar(IGrouping<long, SimulatedTrade> bar)
        {
            var all = bar.ToList();
            var bought = all.Where(trade => !trade.BuyerIsMaker).ToList();
            var open = bar.Key * seconds * 1_000_000;
            var (high, low) = (all.Max(trade => trade.Price), all.Min(trade => trade.Price));
            return $"[{open},\"{all[0].Price}\",\"{high}\",\"{low}\",\"{all[^1].Price}\",\"{Volume(all)}\","
                + $"{open + (seconds * 1_000_000) - 1},\"{Quote(all)}\",{all.Count},\"{Volume(bought)}\",\"{Quote(bought)}\",\"0\"]";
        }
    }

    [TestMethod]
    public async Task Klines_WithoutTrades_KeepThePriceBefore()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await RestClient.StartAsync(new() { Rate = 1, TotalTrades = 5, TimeProvider = clock });
        await clock.StepUntilAsync(() => exchange.Finished.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(3));

        var (_, json) = await _rest.AskAsync(exchange, $"{Path}&interval=1m&limit=2");

        var price = TradesOf(exchange)[^1].Price.ToString();
        var now = Timestamp.Now(clock).Microseconds / 60_000_000 * 60_000;
        var empty = $"\"{price}\",\"{price}\",\"{price}\",\"{price}\",\"0.00000000\"";
        Assert.AreEqual(
            string.Join(',', new[] { now - 60_000, now }.Select(
                open => $"[{open},{empty},{open + 59_999},\"0.00000000\",0,\"0.00000000\",\"0.00000000\",\"0\"]")),
            string.Join(',', json.EnumerateArray().Select(bar => bar.GetRawText())));
    }

    [TestMethod]
    public async Task Klines_OfTimes_AreThoseThatOpenWithin()
    {
        await using var exchange = await TwoHoursAsync();
        var first = TradesOf(exchange)[0].TradeTime.Microseconds / 60_000_000 * 60_000;

        CollectionAssert.AreEqual(Minutes(10, 11, 12), await OpensAsync($"&startTime={first + (9 * 60_000) + 1}&limit=3"));
        CollectionAssert.AreEqual(Minutes(8, 9, 10), await OpensAsync($"&endTime={first + (10 * 60_000)}&limit=3"));
        CollectionAssert.AreEqual(
            Minutes(8, 9), await OpensAsync($"&startTime={first + (8 * 60_000)}&endTime={first + (10 * 60_000) - 1}"));
        CollectionAssert.AreEqual(Minutes(0, 1), await OpensAsync("&startTime=0&limit=2"));
        CollectionAssert.AreEqual(Minutes(), await OpensAsync($"&startTime={first + 86_400_000L}"));

        List<long> Minutes(params int[] minutes) => [.. minutes.Select(minute => first + (minute * 60_000L))];
        async Task<List<long>> OpensAsync(string query) =>
            [.. (await _rest.AskAsync(exchange, $"{Path}&interval=1m{query}")).Json.EnumerateArray().Select(bar => bar[0].GetInt64())];
    }

    [TestMethod]
    [DataRow("1d", "0", "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z")]
    [DataRow("1d", "8", "2026-02-02T16:00:00Z", "2026-02-03T16:00:00Z")]
    [DataRow("1d", "-1:00", "2026-02-03T01:00:00Z", "2026-02-04T01:00:00Z")]
    [DataRow("1w", "0", "2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z")]
    [DataRow("1M", "0", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")]
    [DataRow("1M", "05:45", "2026-01-31T18:15:00Z", "2026-02-28T18:15:00Z")]
    public void Interval_InAZone_OpensAndEndsThere(string interval, string zone, string open, string next)
    {
        var kline = KlineInterval.Find(interval)!;
        var offset = TimeSpan.Parse(zone.Contains(':', StringComparison.Ordinal) ? zone : zone + ":00", CultureInfo.InvariantCulture);
        var start = kline.OpenOf(Timestamp.Parse("2026-02-03T12:30:05Z"), offset);
        Assert.AreEqual(Timestamp.Parse(open), start);
        Assert.AreEqual(Timestamp.Parse(next), kline.NextOf(start, offset));
        Assert.AreEqual(start, kline.Before(kline.NextOf(start, offset), 1, offset));
    }

    [TestMethod]
    [DataRow("", -1102)]
    [DataRow("&interval=1x", -1120)]
    [DataRow("&interval=1H", -1120)]
    [DataRow("&interval=1m&limit=1001", -1130)]
    [DataRow("&interval=1d&timeZone=15", -1130)]
    [DataRow("&interval=1d&timeZone=-12:01", -1130)]
    [DataRow("&interval=1d&timeZone=x", -1130)]
    public async Task Klines_Wrong_AnswersTheDocumentedError(string query, int code)
    {
        await using var exchange = await RestClient.StartAsync(new() { Rate = 0.001 });
        var (status, json) = await _rest.AskAsync(exchange, Path + query);
        Assert.AreEqual((400, code), (status, json.GetProperty("code").GetInt32()));
    }

    [TestMethod]
    public async Task Klines_BeforeTheFirstTrade_AreNone()
    {
        await using var exchange = await RestClient.StartAsync(new() { Rate = 0.001 });
        Assert.AreEqual("[]", (await _rest.AskAsync(exchange, Path + "&interval=1m")).Json.GetRawText());
    }

    private static async Task<SimulatedExchange> TwoHoursAsync()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 2, 3, 11, 20, 0, TimeSpan.Zero));
        var exchange = await RestClient.StartAsync(new() { Rate = 2, TotalTrades = 14_400, TimeProvider = clock });
        await clock.StepUntilAsync(() => exchange.Finished.IsCompleted, TimeSpan.FromMinutes(1));
        return exchange;
    }

    private static List<SimulatedTrade> TradesOf(SimulatedExchange exchange)
    {
        var market = new SimulatedMarket(exchange.Description!);
        return [.. Enumerable.Range(0, (int)exchange.Produced("BTCUSDT")).Select(k => market.TradeAt("BTCUSDT", k))];
    }

    private static string Volume(List<SimulatedTrade> trades) => Kline8(trades.Sum(trade => trade.Quantity.Scaled));

    private static string Quote(List<SimulatedTrade> trades) =>
        Kline8(trades.Sum(trade => Amount.TryMultiply(trade.Price, trade.Quantity, out var amount) ? amount.Scaled : 0));

    private static string Kline8(long scaled) => new Amount(scaled).ToString();
}
