using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

/// <summary>Symbols that are added to, and removed from, a stream that runs, against the simulated exchange and its limits.</summary>
[TestClass]
public sealed class ChangingSymbolsTests : IAsyncDisposable
{
    private readonly SymbolTable _table = new();
    private readonly StreamMetrics _metrics = new TradeIngestMetrics().Stream;
    private readonly Received _received = new();
    private SimulatedExchange? _exchange;
    private BinanceTradeStream? _stream;

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null) await _stream.DisposeAsync();
        if (_exchange is not null) await _exchange.DisposeAsync();
    }

    [TestMethod]
    public async Task Capture_HundredAddedAndHundredRemovedOfMoreThanAThousand_LosesNothingOfTheOthers()
    {
        var tickers = Tickers(1322);
        await StartAsync(tickers, tickers[..1222], rate: 20_000);
        await UntilAsync(() => _received.Has(tickers[..1222]));

        _stream!.Capture(Symbols(tickers[100..]));
        await UntilAsync(() => _received.Has(tickers[1222..]));
        await UntilAsync(() => _exchange!.TradeStreams == 1222);
        var until = _received.Trades + 50_000;
        await UntilAsync(() => _received.Trades > until);
        await _stream.StopAsync();

        foreach (var ticker in tickers[100..]) Assert.HasCount(1, _received.Ranges(ticker), ticker);
        Assert.AreEqual((0L, 2L), (_metrics.Disconnects.Value, _exchange!.AcceptedConnections));
        Assert.AreEqual(0L, _received.DeadLetters);
    }

    [TestMethod]
    public async Task Capture_MoreThanTheConnectionsTakeAndFewerAgain_OpensMoreAndMergesWithoutLoss()
    {
        var tickers = Tickers(40);
        await StartAsync(tickers, tickers[..16], rate: 2000, perConnection: 16);
        await UntilAsync(() => _received.Has(tickers[..16]));

        _stream!.Capture(Symbols(tickers));
        await UntilAsync(() => _received.Has(tickers));
        Assert.AreEqual(3, _exchange!.OpenConnections);

        // Of each connection enough stays; then one symbol of the last, which has to move.
        _stream.Capture(Symbols([.. tickers[..12], .. tickers[39..]]));
        await UntilAsync(() => _exchange.OpenConnections == 1 && _exchange.TradeStreams == 13);
        var until = _received.Trades + 4000;
        await UntilAsync(() => _received.Trades > until);
        await _stream.StopAsync();

        foreach (var ticker in tickers[..12].Concat(tickers[39..])) Assert.HasCount(1, _received.Ranges(ticker), ticker);
        Assert.AreEqual(0L, _metrics.Disconnects.Value);
    }

    [TestMethod]
    public async Task Capture_DuringReplacementsAndCuts_KeepsTheCurrentSet()
    {
        var tickers = Tickers(8);
        await StartAsync(tickers, tickers[..4], rate: 2000);
        await UntilAsync(() => _received.Has(tickers[..4]));

        _exchange!.AnnounceShutdown();
        _stream!.Capture(Symbols(tickers[2..]));
        await UntilAsync(() => _metrics.Rotations.Value == 1 && _exchange.OpenConnections == 1);
        await UntilAsync(() => _exchange.TradeStreams == 6 && _received.Has(tickers[2..]));
        _exchange.DropConnections();
        await UntilAsync(() => _metrics.Disconnects.Value == 1 && _exchange.TradeStreams == 6);

        Assert.AreEqual(0L, _received.DeadLetters);
    }

    [TestMethod]
    public async Task Capture_NothingAndThenSomethingAgain_ClosesAndConnects()
    {
        var tickers = Tickers(2);
        await StartAsync(tickers, tickers, rate: 1000);
        await UntilAsync(() => _received.Has(tickers));

        _stream!.Capture([]);
        await UntilAsync(() => _exchange!.OpenConnections == 0);
        _stream.Capture(Symbols(tickers[..1]));
        await UntilAsync(() => _exchange!.TradeStreams == 1);

        Assert.IsFalse(_stream.Failure.IsCompleted);
    }

    private static string[] Tickers(int count) => [.. Enumerable.Range(0, count).Select(number => $"A{number:0000}USDT")];

    private async Task StartAsync(string[] listed, string[] captured, double rate, int perConnection = 1024)
    {
        _exchange = new SimulatedExchange(new SimulatedExchangeOptions { Symbols = listed, Rate = rate });
        await _exchange.StartAsync();
        var options = new BinanceTradeStreamOptions
        {
            Endpoint = _exchange.WsBase,
            StreamsPerConnection = perConnection,
            MinimumBackoff = TimeSpan.FromMilliseconds(20),
            ReplyTimeout = TimeSpan.FromSeconds(20),
        };
        _stream = new BinanceTradeStream(
            Symbols(captured), options, () => WebSocketTransport.Create(WebSocketTransport.Default, options), new Random(1),
            TimeProvider.System, _metrics, NullLogger<BinanceTradeStream>.Instance);
        _stream.Subscribe(_received);
    }

    private Symbol[] Symbols(string[] tickers) => [.. tickers.Select(_table.Intern)];

    private async Task UntilAsync(Func<bool> condition)
    {
        using var patience = Patience.Start();
        while (!condition())
        {
            Assert.IsFalse(_stream!.Failure.IsCompleted);
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>The ids of each symbol.</summary>
    private sealed class Received : IObserver<StreamEvent>
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, IdRangeSet> _ids = new(StringComparer.Ordinal);

        public long Trades { get; private set; }

        public long DeadLetters { get; private set; }

        public bool Has(IEnumerable<string> tickers)
        {
            lock (_gate) return tickers.All(_ids.ContainsKey);
        }

        public IReadOnlyList<IdRange> Ranges(string ticker)
        {
            lock (_gate) return [.. _ids[ticker].Ranges];
        }

        public void OnNext(StreamEvent value)
        {
            lock (_gate)
            {
                if (value is DeadLetter) DeadLetters++;
                if (value is not TradeBatch batch) return;
                foreach (ref readonly var trade in batch.Trades)
                {
                    if (!_ids.TryGetValue(trade.Symbol.Ticker, out var ids)) _ids.Add(trade.Symbol.Ticker, ids = new IdRangeSet());
                    ids.Add(trade.TradeId);
                }

                Trades += batch.Count;
                batch.Dispose();
            }
        }

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
