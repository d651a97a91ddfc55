using System.Reactive.Linq;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Binance.Connections;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class BinanceTradeStreamTests
{
    private readonly SymbolTable _table = new();
    private readonly StreamMetrics _metrics = new TradeIngestMetrics().Stream;
    private readonly EventTape _tape = new();

    [TestMethod]
    public async Task Subscribe_OneSymbol_ConnectsInMicrosecondsAndDeliversALoneTradeAtOnce()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 7));
        await _tape.TradesAsync(1);

        Assert.AreEqual("/stream?timeUnit=MICROSECOND", connection.Path);
        Assert.AreEqual("btcusdt@trade", string.Join(',', connection.Subscribed.Keys));
        Assert.AreEqual(7, _tape.Trades.Single().TradeId);
    }

    [TestMethod]
    [DataRow("DOGEUSDT")]
    [DataRow("../../etc")]
    [DataRow("BTC\\u0000USDT")]
    [DataRow("btcusdt")]
    public async Task Receive_SymbolThatWasNotSubscribed_IsADeadLetterAndBecomesNoSymbol(string ticker)
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        await connection.SendAsync(ScriptedExchange.Trade(ticker, 7));
        var letter = await _tape.NextAsync<DeadLetter>();
        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 8));
        await _tape.TradesAsync(1);

        Assert.AreEqual(ErrorReason.NotSubscribed, letter.Reason);
        Assert.AreEqual(8, _tape.Trades.Single().TradeId);
        Assert.AreEqual(1, _table.Count);
    }

    [TestMethod]
    public async Task Subscribe_ThousandSymbols_StaysWithinEveryLimit()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, [.. Enumerable.Range(0, 1000).Select(i => $"SYMBOL{i:D4}USDT")]);
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        Assert.HasCount(1000, connection.Subscribed);
        Assert.IsFalse(connection.BrokeRateLimit);
        Assert.IsTrue(connection.Received.All(message => message.Bytes < 4096));
        Assert.HasCount(1, exchange.Connections);
    }

    [TestMethod]
    public async Task Subscribe_MoreSymbolsThanOneConnectionTakes_OpensSeveral()
    {
        await using var exchange = new ScriptedExchange { StreamLimit = 2 };
        await using var stream = Open(exchange, options => options with { StreamsPerConnection = 2 }, "A", "B", "C", "D", "E");
        using var subscription = stream.Subscribe(_tape);
        for (var i = 0; i < 3; i++) await _tape.NextAsync<Connected>();

        Assert.HasCount(3, exchange.Connections);
        CollectionAssert.AreEquivalent(
            new[] { "a@trade", "b@trade", "c@trade", "d@trade", "e@trade" },
            exchange.Connections.SelectMany(connection => connection.Subscribed.Keys).ToArray());
    }

    [TestMethod]
    public async Task Subscribe_RequestLostInSilence_IsRepairedFromTheList()
    {
        var swallowed = 0;
        await using var exchange = new ScriptedExchange
        {
            OnControl = async (connection, message) =>
            {
                // Answered, and yet not in effect.
                if (message.Method != "SUBSCRIBE" || Interlocked.Increment(ref swallowed) != 1) return false;
                await connection.ReplyAsync(message.Id);
                return true;
            },
        };
        await using var stream = Open(exchange, "BTCUSDT", "ETHUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connected = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        Assert.HasCount(2, connected.Subscribed);
        Assert.AreEqual(0, _metrics.SubscriptionFaults.Value);
    }

    [TestMethod]
    public async Task Subscribe_OneRefusedSymbol_IsReportedAndTheOthersRun()
    {
        await using var exchange = new ScriptedExchange
        {
            OnControl = async (connection, message) =>
            {
                if (!message.Streams.Contains("bad@trade")) return false;
                await connection.SendAsync($$"""{"code":2,"msg":"Invalid request","id":{{message.Id}}}""");
                return true;
            },
        };
        await using var stream = Open(exchange, "BTCUSDT", "BAD", "ETHUSDT");
        using var subscription = stream.Subscribe(_tape);
        var fault = await _tape.NextAsync<SubscriptionFault>();
        await _tape.NextAsync<Connected>();

        Assert.Contains("bad@trade", fault.Message, StringComparison.Ordinal);
        Assert.IsFalse(fault.IsFatal);
        Assert.HasCount(2, exchange.Connections.Single().Subscribed);
    }

    [TestMethod]
    public async Task Subscribe_TooManySubscriptions_EndsWithAMessageThatSaysWhatToDo()
    {
        await using var exchange = new ScriptedExchange { StreamLimit = 1 };
        await using var stream = Open(exchange, "BTCUSDT", "ETHUSDT");
        using var subscription = stream.Subscribe(_tape);
        var fault = await _tape.NextAsync<SubscriptionFault>();
        var end = await _tape.End;

        Assert.IsTrue(fault.IsFatal);
        Assert.Contains("StreamsPerConnection", fault.Message, StringComparison.Ordinal);
        Assert.IsFalse(((ExchangeException)end!).IsTransient);
        Assert.AreEqual(1, _metrics.FailedShards.Value);
        Assert.HasCount(1, exchange.Connections);
    }

    [TestMethod]
    public async Task Receive_BurstInOneWrite_ComesInFewBatches()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        await connection.SendAsync([.. Enumerable.Range(1, 500).Select(i => ScriptedExchange.Trade("BTCUSDT", i))]);
        await _tape.TradesAsync(500);

        CollectionAssert.AreEqual(
            Enumerable.Range(1, 500).Select(i => (long)i).ToArray(), _tape.Trades.Select(trade => trade.TradeId).ToArray());
        Assert.IsLessThan(100, _tape.BatchSizes.Count);
        Assert.AreEqual(500, _metrics.Trades.Value);
    }

    [TestMethod]
    public async Task Receive_FullBatch_IsHandedOverAndTheRestFollows()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, options => options with { BatchCapacity = 10 }, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        await connection.SendAsync([.. Enumerable.Range(1, 95).Select(i => ScriptedExchange.Trade("BTCUSDT", i))]);
        await _tape.TradesAsync(95);

        Assert.IsTrue(_tape.BatchSizes.All(size => size is > 0 and <= 10));
    }

    [TestMethod]
    public async Task Receive_FragmentsAndSegments_AreWholeTrades()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        await connection.SendFragmentedAsync(ScriptedExchange.Trade("BTCUSDT", 1), pieces: 7);
        await connection.SendSegmentedAsync(ScriptedExchange.Trade("BTCUSDT", 2), segment: 3);
        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 3));
        await _tape.TradesAsync(3);

        CollectionAssert.AreEqual(new long[] { 1, 2, 3 }, _tape.Trades.Select(trade => trade.TradeId).ToArray());
    }

    [TestMethod]
    public async Task Receive_NonsenseAndTooLarge_BecomeDeadLettersAndTheStreamGoesOn()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, options => options with { MessageBytes = 10_000 }, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        await connection.SendAsync("{nonsense", new string('x', 50_000), ScriptedExchange.Trade("BTCUSDT", 1));
        var nonsense = await _tape.NextAsync<DeadLetter>();
        var large = await _tape.NextAsync<DeadLetter>();
        await _tape.TradesAsync(1);

        Assert.AreEqual("{nonsense", System.Text.Encoding.UTF8.GetString(nonsense.Payload));
        Assert.AreEqual(ErrorReason.TooLarge, large.Reason);
        Assert.Contains("50000", large.Detail, StringComparison.Ordinal);
        Assert.AreEqual(2, _metrics.DeadLetters.Value);
        Assert.AreEqual(0, _metrics.Disconnects.Value);
    }

    [TestMethod]
    public async Task Receive_Abort_ReconnectsSubscribesAgainAndTellsBoth()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var first = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();
        await first.SendAsync(ScriptedExchange.Trade("BTCUSDT", 1));
        await _tape.TradesAsync(1);

        first.Abort();
        var lost = await _tape.NextAsync<Disconnected>();
        var second = await exchange.AcceptAsync();
        var again = await _tape.NextAsync<Connected>();
        await second.SendAsync(ScriptedExchange.Trade("BTCUSDT", 2));
        await _tape.TradesAsync(2);

        Assert.AreNotEqual(string.Empty, lost.Reason);
        Assert.AreEqual(2, again.Attempt);
        Assert.AreEqual(1, _metrics.Connections.Value);
    }

    [TestMethod]
    public async Task Receive_ServerShutdown_ConnectsTheNewSocketBeforeTheOldEnds()
    {
        var overlapping = 0;
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var first = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();

        // The old socket still brings a trade while the new one waits for its subscription to be answered.
        exchange.OnControl = async (connection, _) =>
        {
            if (connection != first && Interlocked.Exchange(ref overlapping, 1) == 0)
            {
                await first.SendAsync(ScriptedExchange.Trade("BTCUSDT", 1));
            }

            return false;
        };
        await first.SendAsync("""{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1790446152679}}""");
        var second = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();
        await second.SendAsync(ScriptedExchange.Trade("BTCUSDT", 2));
        await _tape.TradesAsync(2);
        await stream.StopAsync();

        Assert.AreEqual(1, _metrics.Rotations.Value);
        Assert.AreEqual(0, _metrics.Disconnects.Value);
        Assert.IsTrue(first.ClosedByClient);
    }

    [TestMethod]
    public async Task Stop_WhileTradesFlow_CompletesTheStreamAndClosesPolitely()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await _tape.NextAsync<Connected>();
        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 1));
        await _tape.TradesAsync(1);

        await stream.StopAsync();

        Assert.IsNull(await _tape.End);
        Assert.IsTrue(connection.ClosedByClient);
        Assert.AreEqual(0, _metrics.Connections.Value);
    }

    [TestMethod]
    public async Task Subscribe_NobodyListens_KeepsTryingAndSaysWhy()
    {
        var exchange = new ScriptedExchange();
        var address = exchange.Address;
        await exchange.DisposeAsync();
        await using var stream = Open(address, options => options, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var first = await _tape.NextAsync<Disconnected>();
        await _tape.NextAsync<Disconnected>();

        StringAssert.Contains(first.Reason, "refused", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Subscribe_ExchangeRefusesTheUpgrade_SaysWithWhichStatusAndForHowLong()
    {
        using var server = new HandshakeServer();
        await using var stream = Open(server.Endpoint, options => options, "BTCUSDT");
        using var subscription = stream.Subscribe(_tape);
        var (_, connection) = await server.AcceptAsync(_ => "HTTP/1.1 418 I'm a teapot\r\nRetry-After: 60\r\nContent-Length: 0\r\n");
        await using var owned = connection;

        var refused = await _tape.NextAsync<Disconnected>();

        StringAssert.EndsWith(refused.Reason, "it answers 418, Retry-After: 60", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Receive_SubscriberThrows_EndsTheStreamWithItsError()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        var end = new TaskCompletionSource<Exception>();
        using var subscription = stream.Subscribe(System.Reactive.Observer.Create<StreamEvent>(
            value => { if (value is TradeBatch) throw new InvalidDataException("bug"); },
            end.SetResult));
        var connection = await exchange.AcceptAsync();
        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 1));

        Assert.IsInstanceOfType<InvalidDataException>(await end.Task.WaitAsync(Patience.Limit));
    }

    [TestMethod]
    public async Task Receive_OperatorThrows_TheObserverBehindItIsTold()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream
            .Do(value => { if (value is TradeBatch) throw new InvalidDataException("a bug"); })
            .Merge(Observable.Never<StreamEvent>())
            .Subscribe(_tape);
        var connection = await exchange.AcceptAsync();
        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 1));

        Assert.IsInstanceOfType<InvalidDataException>(await _tape.End);
    }

    [TestMethod]
    public async Task Receive_SubscriberOfAnOperatorThrows_IsTold()
    {
        await using var exchange = new ScriptedExchange();
        await using var stream = Open(exchange, "BTCUSDT");
        using var subscription = stream
            .Merge(Observable.Never<StreamEvent>())
            .Subscribe(value => { if (value is TradeBatch) throw new InvalidDataException("a bug"); });
        Assert.IsFalse(stream.Failure.IsCompleted);
        var connection = await exchange.AcceptAsync();
        await connection.SendAsync(ScriptedExchange.Trade("BTCUSDT", 1));

        Assert.IsInstanceOfType<InvalidDataException>(await stream.Failure.WaitAsync(Patience.Limit));
    }

    private BinanceTradeStream Open(ScriptedExchange exchange, params string[] tickers) =>
        Open(exchange.Address, options => options, tickers);

    private BinanceTradeStream Open(
        ScriptedExchange exchange, Func<BinanceTradeStreamOptions, BinanceTradeStreamOptions> change, params string[] tickers) =>
        Open(exchange.Address, change, tickers);

    private BinanceTradeStream Open(
        Uri address, Func<BinanceTradeStreamOptions, BinanceTradeStreamOptions> change, params string[] tickers)
    {
        var options = change(new BinanceTradeStreamOptions
        {
            Endpoint = address,
            MinimumBackoff = TimeSpan.FromMilliseconds(20),
            ReplyTimeout = TimeSpan.FromSeconds(20),
        });
        return new BinanceTradeStream(
            [.. tickers.Select(_table.Intern)],
            options,
            () => WebSocketTransport.Create(WebSocketTransport.Default, options),
            new Random(1),
            TimeProvider.System,
            _metrics,
            NullLogger<BinanceTradeStream>.Instance);
    }
}
