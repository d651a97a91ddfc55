using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Tests.Simulation.Streams;

/// <summary>The streams beside those of trades.</summary>
[TestClass]
public sealed class MarketStreamTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task AggTrade_BesideTrades_HasTheDocumentedForm(bool microseconds)
    {
        await using var exchange = new SimulatedExchange(new() { Symbols = ["BTCUSDT", "ETHUSDT"], TotalTrades = 3000 });
        await exchange.StartAsync();
        var unit = microseconds ? "&timeUnit=MICROSECOND" : "";
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/stream?streams=btcusdt@aggTrade/ethusdt@trade" + unit);
        _ = exchange.Finished.ContinueWith(_ => exchange.AnnounceShutdown(), TaskScheduler.Default);
        var market = new SimulatedMarket(exchange.Description!);
        var (aggregates, trades) = (0L, 0L);
        while (true)
        {
            var text = (await client.ReceiveAsync())!;
            if (text.Contains("serverShutdown", StringComparison.Ordinal)) break;
            if (text.Contains("ethusdt@trade", StringComparison.Ordinal))
            {
                trades++;
                continue;
            }

            var trade = market.TradeAt("BTCUSDT", aggregates++);
            var divisor = microseconds ? 1 : 1000;
            Assert.AreEqual(
                """{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":"""
                + $$"""{{trade.EventTime.Microseconds / divisor}},"s":"BTCUSDT","a":{{trade.TradeId}}"""
                + $$""","p":"{{trade.Price}}","q":"{{trade.Quantity}}","f":{{trade.TradeId}},"l":{{trade.TradeId}}"""
                + $$$""","T":{{{trade.TradeTime.Microseconds / divisor}}},"m":{{{(trade.BuyerIsMaker ? "true" : "false")}}},"M":true}}""",
                text);
        }

        Assert.AreEqual((exchange.Produced("BTCUSDT"), exchange.Produced("ETHUSDT")), (aggregates, trades));
    }

    [TestMethod]
    public async Task Kline_OverSeveralSeconds_ClosesEachWithTheFiguresOfRest()
    {
        await using var exchange = new SimulatedExchange(new() { Symbols = ["BTCUSDT"], Rate = 200 });
        await exchange.StartAsync();
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@kline_1s");
        var closed = new List<JsonElement>();
        var open = 0L;
        while (closed.Count < 3)
        {
            var update = await client.ReceiveJsonAsync();
            Assert.AreEqual("kline", update.GetProperty("e").GetString());
            var kline = update.GetProperty("k");

            // No kline before the one ahead of it is closed.
            var start = kline.GetProperty("t").GetInt64();
            Assert.IsTrue(open == 0 || start == open, $"{start} follows {open}");
            open = kline.GetProperty("x").GetBoolean() ? start + 1000 : start;
            if (kline.GetProperty("x").GetBoolean()) closed.Add(kline);
        }

        using var rest = new RestClient();
        var (_, bars) = await rest.AskAsync(
            exchange, $"/api/v3/klines?symbol=BTCUSDT&interval=1s&limit=3&startTime={closed[0].GetProperty("t").GetInt64()}");
        string[] keys = ["t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B"];
        for (var i = 0; i < 3; i++)
        {
            Assert.AreEqual(
                bars[i].GetRawText(), "[" + string.Join(',', keys.Select(key => closed[i].GetProperty(key).GetRawText())) + "]");
            Assert.AreEqual(("1s", "BTCUSDT"), (closed[i].GetProperty("i").GetString(), closed[i].GetProperty("s").GetString()));
            Assert.AreEqual(
                closed[i].GetProperty("n").GetInt64(), closed[i].GetProperty("L").GetInt64() - closed[i].GetProperty("f").GetInt64() + 1);
        }
    }

    [TestMethod]
    public async Task Kline_InAZoneAndUnsubscribed_StopsComing()
    {
        var clock = new ManualTimeProvider(new DateTimeOffset(2026, 2, 3, 17, 0, 0, TimeSpan.Zero));
        await using var exchange = new SimulatedExchange(
            new() { Symbols = ["BTCUSDT"], Rate = 100, TotalTrades = 100, TimeProvider = clock });
        await exchange.StartAsync();
        await clock.StepUntilAsync(() => exchange.Finished.IsCompleted);
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/stream?streams=btcusdt@kline_1d@+08:00");
        for (var second = 0; second < 2; second++) await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(1));

        var update = await client.ReceiveJsonAsync();
        Assert.AreEqual("btcusdt@kline_1d@+08:00", update.GetProperty("stream").GetString());
        Assert.AreEqual(
            new DateTimeOffset(2026, 2, 3, 16, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(),
            update.GetProperty("data").GetProperty("k").GetProperty("t").GetInt64());
        await client.AskAsync("""{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1d@+08:00"],"id":1}""");
        Assert.AreEqual("""{"result":[],"id":2}""", await client.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":2}"""));
    }
}
