using System.Text;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Tests.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Simulation.Streams;

[TestClass]
public sealed class TradeFeedTests
{
    private static async Task AdvanceToTheEndAsync(SimulatedExchange exchange, ManualTimeProvider clock, TimeSpan step)
    {
        using var patience = Patience.Start();
        while (!exchange.Finished.IsCompleted)
        {
            // No further than the feed: connections do not outlive a clock that runs away from it.
            patience.Token.ThrowIfCancellationRequested();
            if (clock.NextDue <= step) clock.Advance(step);
            await Task.Yield();
        }

        await exchange.Finished;
    }

    private static readonly string[] Symbols = ["BTCUSDT", "ETHUSDT", "币安人生USDT"];

    [TestMethod]
    [DataRow(false, false)]
    [DataRow(false, true)]
    [DataRow(true, false)]
    [DataRow(true, true)]
    public async Task FullSpeed_TotalTrades_DeliversExactlyThoseOfTheMarket(bool combined, bool microseconds)
    {
        await using var exchange = await StartAsync(new() { TotalTrades = 5000 });
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, Url(combined, microseconds));
        var market = new SimulatedMarket(exchange.Description!);
        var next = Symbols.ToDictionary(ticker => ticker, _ => 0L, StringComparer.Ordinal);
        for (var i = 0; i < 5000; i++)
        {
            var text = (await client.ReceiveAsync())!;
            var ticker = Symbols.First(ticker => text.Contains($"\"s\":\"{ticker}\"", StringComparison.Ordinal));
            Assert.AreEqual(Expected(market.TradeAt(ticker, next[ticker]++), ticker, combined, microseconds), text);
        }

        await exchange.Finished;
        foreach (var ticker in Symbols) Assert.AreEqual(exchange.Produced(ticker), next[ticker]);
        Assert.AreEqual(5000, exchange.TotalProduced);
        Assert.AreEqual("""{"result":true,"id":1}""".Replace("true", combined ? "true" : "false", StringComparison.Ordinal),
            await client.AskAsync("""{"method":"GET_PROPERTY","params":["combined"],"id":1}"""));
    }

    [TestMethod]
    public async Task Paced_TwoConnections_GetTheSameTrades()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await StartAsync(new() { Rate = 5000, TotalTrades = 7500, TimeProvider = clock });
        using var one = await StreamClient.ConnectAsync(exchange.WsBase, Url(combined: false, microseconds: true));
        await clock.AdvanceToNextTimerAsync(TimeSpan.FromMilliseconds(100));
        using var other = await StreamClient.ConnectAsync(exchange.WsBase, Url(combined: false, microseconds: true));
        await AdvanceToTheEndAsync(exchange, clock, TimeSpan.FromMilliseconds(100));

        var (ones, others) = (await ReadToEndAsync(one, exchange), await ReadToEndAsync(other, exchange));
        Assert.HasCount(7500, ones);
        Assert.IsNotEmpty(others);

        // Per symbol: the same trades without a hole, up to where each of them came in.
        foreach (var ticker in Symbols)
        {
            var (left, right) = (Ids(ones, ticker), Ids(others, ticker));
            CollectionAssert.AreEqual(Enumerable.Range(0, left.Count).Select(i => left[0] + i).ToList(), left);
            CollectionAssert.AreEqual(left.TakeLast(right.Count).ToList(), right.TakeLast(left.Count).ToList());
            Assert.AreEqual(exchange.Produced(ticker) - 1 + new SimulatedMarket(exchange.Description!).Symbol(ticker).FirstId, left[^1]);
        }
    }

    [TestMethod]
    public async Task Paced_ClockIsSetBack_TradesGoOn()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await StartAsync(new() { Rate = 100, TotalTrades = 500, TimeProvider = clock });
        using (var patience = Patience.Start())
        {
            // Until the feed waits for its first trade.
            while (clock.ArmedTimers == 0)
            {
                patience.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        clock.Set(TimeSpan.FromDays(-60));

        await AdvanceToTheEndAsync(exchange, clock, TimeSpan.FromSeconds(10));

        Assert.AreEqual(500, exchange.TotalProduced);
    }

    [TestMethod]
    public async Task Paced_RecordedTradesMonthsApart_AreWaitedFor()
    {
        var clock = new ManualTimeProvider();
        var symbol = new SymbolTable().Intern("BTCUSDT");
        var tape = RecordedTape.Of(new[] { 1L, 2L }.Select(id =>
        {
            var time = Timestamp.Parse("2026-01-01") + TimeSpan.FromDays(100 * id);
            return new Trade(symbol, id, Price.Parse("1"), Quantity.Parse("1"), time, time, time, AggressorSide.Buy, IngestSource.Replay);
        }));
        await using var exchange = new SimulatedExchange(new() { Tape = tape, TimeProvider = clock });
        await exchange.StartAsync(CancellationToken.None);

        await AdvanceToTheEndAsync(exchange, clock, TimeSpan.FromDays(1));

        Assert.AreEqual(2, exchange.TotalProduced);
    }

    [TestMethod]
    public async Task FullSpeed_NobodyListens_ProducesNothing()
    {
        await using var exchange = await StartAsync(new() { TotalTrades = 10 });
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@depth");
        await client.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        Assert.AreEqual(0, exchange.TotalProduced);
        await client.AskAsync("""{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}""");
        await exchange.Finished;
        Assert.AreEqual(10, exchange.TotalProduced);
    }

    [TestMethod]
    public async Task FullSpeed_SubscribedToOneOfThree_DeliversAllOfIt()
    {
        await using var exchange = await StartAsync(new() { TotalTrades = 20_000 });
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/ethusdt@trade");
        var drained = ReadToEndAsync(client, exchange);
        var ids = Ids(await drained, "ETHUSDT");
        Assert.AreEqual(exchange.Produced("ETHUSDT"), ids.Count);
        Assert.AreEqual(ids.Count, (await drained).Count);
    }

    [TestMethod]
    public async Task Withheld_SkippedAndMuted_HappenUnseen()
    {
        await using var exchange = await StartAsync(new() { TotalTrades = 2000 });
        exchange.SkipNext("BTCUSDT", 7);
        exchange.MuteSymbol("ETHUSDT", true);
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, Url(combined: false, microseconds: true));
        var trades = await ReadToEndAsync(client, exchange);

        var first = new SimulatedMarket(exchange.Description!).Symbol("BTCUSDT").FirstId;
        Assert.AreEqual(first + 7, Ids(trades, "BTCUSDT")[0]);
        Assert.IsEmpty(Ids(trades, "ETHUSDT"));
        Assert.AreEqual(7 + exchange.Produced("ETHUSDT"), exchange.Withheld);
        Assert.AreEqual(2000, trades.Count + exchange.Withheld);
    }

    [TestMethod]
    public async Task Paced_MoreWaitingThanTheLimit_CutsTheClientOff()
    {
        await using var exchange = await StartAsync(new() { Rate = 10_000, OutboundLimit = 100 });
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.SendTextAsync("""{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}""");
        Assert.IsNull(await client.ReceiveCloseAsync());
        await exchange.DisposeAsync();
        Assert.AreEqual(1, exchange.FellBehind);
    }

    [TestMethod]
    public async Task FullSpeed_ClientThatStopsReading_IsClosedAndOthersGoOn()
    {
        // More than the sockets' buffers hold, so the feed does wait for the stuck client until its pongs are missed. The other
        // one takes a small share, so that its pings do not queue behind megabytes.
        await using var exchange = await StartAsync(new()
        {
            TotalTrades = 200_000,
            PingInterval = TimeSpan.FromMilliseconds(500),
            PongTimeout = TimeSpan.FromSeconds(4),
            CloseTimeout = TimeSpan.FromMilliseconds(100),
            MessagesPerSecond = 1000,
        });
        using var stuck = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade/ethusdt@trade");
        using var reading = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/" + Uri.EscapeDataString("币安人生usdt@trade"));
        var trades = await ReadToEndAsync(reading, exchange);
        Assert.AreEqual(
            exchange.Produced("币安人生USDT"), trades[^1].GetProperty("t").GetInt64() - FirstId(exchange, "币安人生USDT") + 1);
        Assert.AreEqual(200_000, exchange.TotalProduced);
        Assert.AreEqual(1, exchange.OpenConnections);
    }

    [TestMethod]
    public async Task Session_ContinuingAMarket_ContinuesItsIds()
    {
        long reached;
        MarketDescription description;
        await using (var exchange = await StartAsync(new() { TotalTrades = 300 }))
        {
            using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
            await ReadToEndAsync(client, exchange);
            (reached, description) = (exchange.Produced("BTCUSDT"), exchange.Description!);
        }

        await using var later = await StartAsync(new()
        {
            Continues = description,
            FirstK = new Dictionary<string, long>(StringComparer.Ordinal) { ["BTCUSDT"] = reached },
            TotalTrades = 300,
        });
        using var next = await StreamClient.ConnectAsync(later.WsBase, "/ws/btcusdt@trade");
        var ids = Ids(await ReadToEndAsync(next, later), "BTCUSDT");
        Assert.AreEqual(new SimulatedMarket(description).Symbol("BTCUSDT").FirstId + reached, ids[0]);
        Assert.HasCount(2, later.Description!.Sessions);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(100.0)]
    public async Task RecordedTape_AnySpeed_ServesTradesAsRecorded(double? speed)
    {
        var symbol = new SymbolTable().Intern("BTCUSDT");
        int[] ids = [100, 101, 102, 105, 106];
        var tape = RecordedTape.Of(ids.Select(id => TapeLimitTests.Recorded(symbol, id, (id - 90) * 100)));
        await using var exchange = new SimulatedExchange(new() { Tape = tape, Speed = speed });
        var connecting = exchange.StartAsync();
        await connecting;
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
        var trades = await ReadToEndAsync(client, exchange);

        if (speed is null) CollectionAssert.AreEqual(ids.Select(id => (long)id).ToList(), Ids(trades, "BTCUSDT"));
        Assert.AreEqual(5, exchange.TotalProduced);
        if (trades.Count > 0) Assert.AreEqual(106, trades[^1].GetProperty("t").GetInt64());
        Assert.IsNull(exchange.Description);
    }

    private static string Expected(SimulatedTrade trade, string ticker, bool combined, bool microseconds)
    {
        var divisor = microseconds ? 1 : 1000;
        var maker = trade.Aggressor == AggressorSide.Sell ? "true" : "false";
        var (sent, made) = (trade.EventTime.Microseconds / divisor, trade.TradeTime.Microseconds / divisor);
        var (price, quantity) = (FixedPoint.Format(trade.Price.Scaled), FixedPoint.Format(trade.Quantity.Scaled));
        var head = $$"""{"e":"trade","E":{{sent}},"s":"{{ticker}}","t":{{trade.TradeId}}""";
        var text = $$"""{{head}},"p":"{{price}}","q":"{{quantity}}","T":{{made}},"m":{{maker}},"M":true}""";
        return combined ? $$"""{"stream":"{{ticker.ToLowerInvariant()}}@trade","data":{{text}}}""" : text;
    }

    private static string Url(bool combined, bool microseconds)
    {
        var names = string.Join('/', Symbols.Select(ticker => Uri.EscapeDataString(ticker.ToLowerInvariant() + "@trade")));
        var unit = microseconds ? "timeUnit=MICROSECOND" : "";
        return combined ? $"/stream?streams={names}&{unit}" : $"/ws/{names}?{unit}";
    }

    /// <summary>Reads until the market has ended and all of it has arrived: a reply is queued behind the last trade.</summary>
    private static async Task<List<JsonElement>> ReadToEndAsync(StreamClient client, SimulatedExchange exchange)
    {
        var marker = exchange.Finished.ContinueWith(
            _ => client.SendAsync("""{"method":"GET_PROPERTY","params":["combined"],"id":99}"""), TaskScheduler.Default).Unwrap();
        var trades = new List<JsonElement>();
        while (true)
        {
            var text = (await client.ReceiveAsync())!;
            if (text.StartsWith("{\"result\"", StringComparison.Ordinal)) break;
            trades.Add(JsonDocument.Parse(Encoding.UTF8.GetBytes(text)).RootElement);
        }

        await marker;
        return trades;
    }

    private static List<long> Ids(IEnumerable<JsonElement> trades, string ticker) =>
        [.. trades.Where(trade => trade.GetProperty("s").GetString() == ticker).Select(trade => trade.GetProperty("t").GetInt64())];

    private static long FirstId(SimulatedExchange exchange, string ticker) =>
        new SimulatedMarket(exchange.Description!).Symbol(ticker).FirstId;

    private static async Task<SimulatedExchange> StartAsync(SimulatedExchangeOptions options)
    {
        var exchange = new SimulatedExchange(options with { Symbols = Symbols });
        await exchange.StartAsync();
        return exchange;
    }
}
