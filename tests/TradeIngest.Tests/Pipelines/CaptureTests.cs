using System.Reactive.Linq;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Pipelines;

/// <summary>The whole way from the exchange to the hand-off, against a simulated exchange that misbehaves.</summary>
[TestClass]
public sealed class CaptureTests
{
    private static readonly string[] Tickers = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

    [TestMethod]
    public async Task Capture_ConnectionsDropped_IsCompleteAndExactInTheEnd()
    {
        await using var run = await Run.StartAsync(new TradeChannelOptions(), rate: 3000);
        for (var drop = 1; drop <= 3; drop++)
        {
            await run.WrittenAsync(drop * 2000);
            run.Exchange.DropConnections();
        }

        await run.WrittenAsync(9000);
        await run.FinishAsync();
        run.AssertCompleteAndExact();
        Assert.IsGreaterThanOrEqualTo(3, run.Metrics.Stream.Disconnects.Value);
        Assert.IsGreaterThan(0, run.Metrics.Backfill.Fetched.Value);
    }

    [TestMethod]
    public async Task Capture_ShutdownAnnounced_MissesNothingEvenWithoutBackfill()
    {
        await using var run = await Run.StartAsync(new TradeChannelOptions(), rate: 3000, backfillDelay: TimeSpan.FromMinutes(1));
        await run.WrittenAsync(2000);
        run.Exchange.AnnounceShutdown();
        await run.UntilAsync(() => run.Metrics.Stream.Rotations.Value == 1);
        await run.WrittenAsync(6000);
        await run.FinishAsync();

        run.AssertCompleteAndExact();
        Assert.AreEqual(0, run.Metrics.Backfill.Requests.Value);
        Assert.AreEqual(0, run.Metrics.Stream.Disconnects.Value);
    }

    [TestMethod]
    public async Task Capture_TradesKeptFromTheStream_AreFetched()
    {
        await using var run = await Run.StartAsync(new TradeChannelOptions(), rate: 3000);
        await run.WrittenAsync(500);
        run.Exchange.SkipNext("ETHUSDT", 1500);
        await run.WrittenAsync(8000);
        await run.FinishAsync();

        run.AssertCompleteAndExact();
        Assert.IsGreaterThanOrEqualTo(1500, run.Metrics.Backfill.Fetched.Value);
    }

    [TestMethod]
    public async Task Capture_SymbolSilencedForGood_IsFetchedThoughNoLaterIdShowsTheLoss()
    {
        await using var run = await Run.StartAsync(new TradeChannelOptions(), rate: 3000, recheck: TimeSpan.FromMilliseconds(200));
        await run.WrittenAsync(500);
        run.Exchange.SkipNext("ETHUSDT", 1_000_000);
        await run.UntilAsync(() => run.Metrics.Backfill.Fetched.Value > 1000);
        await run.FinishAsync();

        run.AssertCompleteAndExact();
        Assert.AreEqual(0, run.Metrics.Continuity.Gaps.Value);
    }

    [TestMethod]
    public async Task Capture_LogTooSlow_ShedsAndFetchesAgainCompletely()
    {
        await using var run = await Run.StartAsync(new TradeChannelOptions { Batches = 4, Trades = 200 }, rate: 3000, isLogBlocked: true);
        await run.UntilAsync(() => run.Metrics.Channel.ShedTrades.Value > 1000);
        run.ReleaseLog();
        await run.WrittenAsync(8000);
        await run.FinishAsync();

        run.AssertCompleteAndExact();
        Assert.AreEqual(0, run.Metrics.Stream.Disconnects.Value);
    }

    [TestMethod]
    public async Task Capture_LogTooSlowUnderWait_HoldsTheExchangeBackAndShedsNothing()
    {
        var bounds = new TradeChannelOptions { Batches = 8, Trades = 200, Policy = FullPolicy.Wait };
        await using var run = await Run.StartAsync(bounds, rate: null, isLogBlocked: true);
        await run.UntilAsync(() => !run.Channel.HasRoom);
        run.ReleaseLog();
        await run.WrittenAsync(50_000);
        await run.FinishAsync();

        run.AssertCompleteAndExact();
        Assert.AreEqual((0L, 0L), (run.Metrics.Channel.ShedTrades.Value, run.Metrics.Stream.Disconnects.Value));
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource _log = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HttpClient _http;
        private readonly SymbolTable _table = new();
        private readonly IDisposable _pipeline;
        private readonly Task _backfilling;
        private readonly Task _writing;
        private readonly List<Trade> _written = [];
        private long _count;

        private Run(SimulatedExchange exchange, TradeChannelOptions options, TimeSpan backfillDelay, TimeSpan recheck, bool isLogBlocked)
        {
            Exchange = exchange;
            if (!isLogBlocked) _log.SetResult();
            _http = new HttpClient { BaseAddress = exchange.RestBase };
            Tracker = new ContinuityTracker(Metrics);
            Channel = new TradeChannel(
                options, Tracker, gap => Backfill!.Enqueue(gap), Metrics, TimeProvider.System, NullLogger<TradeChannel>.Instance);
            Backfill = new GapBackfill(
                new BinanceRestClient(
                    _http, new WeightBudget(TimeProvider.System, new ExchangeBan(TimeProvider.System, path: null, NullLogger.Instance)),
                    TimeProvider.System),
                Tracker,
                Channel.WaitForRoomAsync,
                new GapBackfillOptions
                {
                    FirstDelay = backfillDelay,
                    Tails = new() { Interval = TimeSpan.FromMilliseconds(50), Recheck = recheck },
                },
                Metrics,
                TimeProvider.System,
                NullLogger<GapBackfill>.Instance);
            var streamOptions = new BinanceTradeStreamOptions
            {
                Endpoint = exchange.WsBase,
                MinimumBackoff = TimeSpan.FromMilliseconds(20),
            };
            Stream = new BinanceTradeStream(
                [.. Tickers.Select(_table.Intern)],
                streamOptions,
                () =>
                    options.Policy == FullPolicy.Wait
                        ? new BackpressuredConnection(Connect(streamOptions), Channel)
                        : Connect(streamOptions),
                new Random(1),
                TimeProvider.System,
                Metrics.Stream,
                NullLogger<BinanceTradeStream>.Instance);
            _pipeline = Stream.Merge(Backfill.Events)
                .TrackContinuity(Tracker)
                .CheckQuality(Tracker, Metrics.Quality)
                .Do(Backfill.Observe)
                .Subscribe(Channel);
            _backfilling = Backfill.RunAsync(_stop.Token);
            _writing = WriteAsync();
        }

        public SimulatedExchange Exchange { get; }

        public TradeIngestMetrics Metrics { get; } = new();

        public ContinuityTracker Tracker { get; }

        public TradeChannel Channel { get; }

        public GapBackfill Backfill { get; }

        public BinanceTradeStream Stream { get; }

        private static IWebSocketConnection Connect(BinanceTradeStreamOptions options) =>
            WebSocketTransport.Create(WebSocketTransport.Default, options);

        public static async Task<Run> StartAsync(
            TradeChannelOptions options, double? rate, TimeSpan? backfillDelay = null, TimeSpan? recheck = null, bool isLogBlocked = false)
        {
            var exchange = new SimulatedExchange(new SimulatedExchangeOptions { Symbols = Tickers, Rate = rate });
            await exchange.StartAsync();
            return new Run(
                exchange, options, backfillDelay ?? TimeSpan.FromMilliseconds(50), recheck ?? TimeSpan.FromMinutes(15), isLogBlocked);
        }

        public void ReleaseLog() => _log.SetResult();

        public Task WrittenAsync(long trades) => UntilAsync(() => Volatile.Read(ref _count) >= trades);

        public async Task UntilAsync(Func<bool> condition)
        {
            using var patience = Patience.Start();
            while (!condition()) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }

        /// <summary>Stops in the order a service drains: stream, backfill of what is open, channel, writer.</summary>
        public async Task FinishAsync()
        {
            await Stream.StopAsync();
            await UntilAsync(() => Tracker.OpenGaps().Count == 0);
            await _stop.CancelAsync();
            await _backfilling;
            await _writing;
        }

        public void AssertCompleteAndExact()
        {
            var market = new SimulatedMarket(Exchange.Description!);
            foreach (var group in _written.GroupBy(trade => trade.Symbol))
            {
                var ids = group.Select(trade => trade.TradeId).Order().ToList();
                Assert.AreEqual(ids[^1] - ids[0] + 1, ids.Count, $"{group.Key}: ids are not contiguous or not unique");
            }

            foreach (var trade in _written)
            {
                Assert.IsTrue(market.TradeById(trade.Symbol.Ticker, trade.TradeId, out var truth));
                Assert.AreEqual(
                    (truth.Price, truth.Quantity, truth.TradeTime, truth.Aggressor),
                    (trade.Price, trade.Quantity, trade.TradeTime, trade.Aggressor));
            }

            Assert.AreEqual(0, Metrics.Quality.Invalid.Value);
            Assert.AreEqual(0, Metrics.Channel.LostEvents.Value);
            Assert.AreEqual(Tickers.Length, _written.Select(trade => trade.Symbol).Distinct().Count());
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Stream.DisposeAsync();
            _pipeline.Dispose();
            await Exchange.DisposeAsync();
            Backfill.Dispose();
            _http.Dispose();
            _stop.Dispose();
        }

        private async Task WriteAsync()
        {
            await _log.Task;
            await foreach (var value in Channel.ReadAllAsync(CancellationToken.None))
            {
                if (value is not TradeBatch batch) continue;
                foreach (var trade in batch.Trades) _written.Add(trade);
                Volatile.Write(ref _count, _written.Count);
                batch.Dispose();
            }
        }
    }
}
