using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Log;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Ingest;

/// <summary>What an ingest knows of its symbols when it starts, after others died at any point of their work.</summary>
[TestClass]
public sealed class LogTailTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SymbolTable _table = new();
    private readonly Symbol _btc;
    private readonly Symbol _eth;
    private EmbeddedTradeLog _log;
    private int _logs;

    public LogTailTests()
    {
        _btc = _table.Intern("BTCUSDT");
        _eth = _table.Intern("ETHUSDT");
        _log = NewLog();
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task SeedAsync_HoleOlderThanTheTail_IsOpenUntilItIsFilled()
    {
        var first = await LiveAsync(_log, tail: 0);
        await first.CaptureAsync(Batches.Range(_btc, 100, 149), Batches.Range(_btc, 160, 200));
        await first.CheckpointAsync();
        await first.CaptureAsync(Batches.Range(_btc, 201, 400));

        var second = await LiveAsync(_log, tail: 10);
        Assert.AreEqual("BTCUSDT [150, 159], [201, 390]", second.Open());
        await second.CaptureAsync(Batches.Range(_btc, 150, 159), Batches.Range(_btc, 201, 390), Batches.Range(_btc, 401, 500));
        await second.CheckpointAsync();

        Assert.AreEqual("", (await LiveAsync(_log, tail: 10)).Open());
    }

    [TestMethod]
    public async Task SeedAsync_DeathBeforeTheFirstState_StillKnowsWhereTheSymbolBegan()
    {
        // The third append would bring the first states; the second brought the trades.
        await using var dying = new DyingLog(_log, 2);
        var first = await LiveAsync(dying, tail: 0);
        await first.CaptureAsync(Batches.Range(_btc, 100, 149));

        var second = await LiveAsync(_log, tail: 0);

        Assert.AreEqual(100, second.Tracker.First(_btc));
        await second.CaptureAsync(Batches.Range(_btc, 300, 310));
        Assert.AreEqual("BTCUSDT [100, 299]", second.Open());
    }

    [TestMethod]
    public async Task SeedAsync_FirstTradesWereShed_AreMissingAfterADeathToo()
    {
        var first = await LiveAsync(_log, tail: 0);
        using (var shed = Batches.Range(_btc, 100, 109))
        {
            first.Tracker.Accept(shed, []);
            first.Tracker.Release(shed.Trades);
        }

        await first.CaptureAsync(Batches.Range(_btc, 110, 120));
        await first.CheckpointAsync();

        Assert.AreEqual("BTCUSDT [100, 109]", (await LiveAsync(_log, tail: 0)).Open());
    }

    [TestMethod]
    public async Task SeedAsync_StopInGoodOrder_LeavesNothingToFetch()
    {
        var first = await LiveAsync(_log, tail: 0);
        await first.CaptureAsync(Batches.Range(_btc, 100, 149), Batches.Range(_eth, 7, 9));
        await first.StopAsync();

        var second = await LiveAsync(_log, tail: 0);

        Assert.AreEqual(
            ("", "[100, 149]", "[7, 9]"), (second.Open(), $"{second.Tracker.Coverage(_btc)}", $"{second.Tracker.Coverage(_eth)}"));
    }

    [TestMethod]
    public async Task SeedAsync_HoleOfTheExchange_IsNotMissingAndOneOutOfReachIs()
    {
        var first = await LiveAsync(_log, tail: 0);
        await first.CaptureAsync(Batches.Of(_btc, 1, 2, 9));
        first.Decide(new ExchangeHole(default, _btc, new IdRange(3, 4)));
        first.Decide(new OutOfReach(default, _btc, new IdRange(5, 8), "refused"));
        await first.StopAsync();

        var second = await LiveAsync(_log, tail: 0);

        Assert.AreEqual("BTCUSDT [5, 8]", second.Open());
    }

    [TestMethod]
    public async Task SeedAsync_SymbolOfAnotherProcess_IsTakenOverWithItsHoles()
    {
        var one = await LiveAsync(_log, tail: 0, _btc);
        var other = await LiveAsync(_log, tail: 0, _eth);
        await one.CaptureAsync(Batches.Of(_btc, 1, 2, 5));
        await other.CaptureAsync(Batches.Of(_eth, 11, 12, 15));
        await other.StopAsync();
        await one.StopAsync();

        var both = await LiveAsync(_log, tail: 0, _eth, _btc);

        Assert.AreEqual("BTCUSDT [3, 4] ETHUSDT [13, 14]", both.Open());
    }

    [TestMethod]
    public async Task RestoreAddedAsync_SymbolOfAnEarlierProcess_GoesOnWhereItStoodAndTellsTheWriter()
    {
        var earlier = await LiveAsync(_log, tail: 0, _btc);
        await earlier.CaptureAsync(Batches.Of(_btc, 1, 2, 5));
        await earlier.StopAsync();
        var tracker = new ContinuityTracker(new TradeIngestMetrics());
        var state = new LogCaptureState(_log, tracker, tailRecords: 0, TimeProvider.System, NullLoggerFactory.Instance);
        List<StreamEvent> published = [];

        await state.RestoreAddedAsync(tracker, [_btc], published.Add, Stop);

        var restored = (CaptureRestored)published.Single();
        Assert.AreEqual((_btc, 1L, "[1, 2], [5, 5]"), (restored.Symbol, restored.From, $"{restored.Ids}"));
        Assert.AreEqual("[3, 4]", $"{tracker.OpenGaps().Single().Missing.Single()}");
    }

    [TestMethod]
    public async Task SeedAsync_LogWithoutStates_StartsAtTheFirstStreamedTradeOfTheTail()
    {
        using var records = new RecordBatch();
        foreach (var (id, source) in new[] { (3L, IngestSource.Backfill), (50, IngestSource.Stream), (52, IngestSource.Stream) })
        {
            records.End(TradeJson.Write(Batches.Trade(_btc, id, source: source), records.Begin(_btc.Utf8, TradeJson.MaxLength)));
        }

        await _log.AppendAsync(Topics.StockTrades, records, Stop);

        var life = await LiveAsync(_log, tail: 100);

        Assert.AreEqual("BTCUSDT [51, 51]", life.Open());
    }

    [TestMethod]
    public void SeedAsync_AnyLivesAndDeaths_ClaimsNothingThatIsNotInTheLogAndForgetsNothing()
    {
        var step = from kind in Gen.Choose(0, 5)
                   from symbol in Gen.Choose(0, 1)
                   from skip in Gen.Choose(0, 4)
                   from take in Gen.Choose(1, 5)
                   select new Step(kind, symbol, skip, take);
        var life = from steps in step.ListOf(6)
                   from appends in Gen.Choose(0, 12)
                   from tail in Gen.Choose(0, 6)
                   select new Plan(
            steps, appends, tail);
        Prop.ForAll(
            life.ListOf(3).ToArbitrary(), lives => Run(lives).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(30));

        async Task Run(IEnumerable<Plan> lives)
        {
            await _log.DisposeAsync();
            _log = NewLog();
            var next = new Dictionary<Symbol, long> { [_btc] = 10, [_eth] = 10 };
            foreach (var (steps, appends, tail) in lives)
            {
                // A checkpoint that falls due in the middle of an append must not claim what is not in the log yet.
                Life? process = null;
                await using var dying = new DyingLog(_log, appends, () => process?.RequestCheckpoint());
                process = await LiveAsync(dying, tail);
                await AssertSoundAsync(process.Tracker);
                foreach (var (kind, ordinal, skip, take) in steps)
                {
                    var symbol = ordinal == 0 ? _btc : _eth;
                    if (kind == 0) await process.CheckpointAsync();
                    else if (kind == 1
                        && process.Tracker.OpenGaps().FirstOrDefault(gap => gap.Symbol == symbol) is { Missing: [var gap, ..] })
                    {
                        await process.CaptureAsync(Batches.Range(symbol, gap.From, gap.To));
                    }
                    else
                    {
                        next[symbol] += skip;
                        await process.CaptureAsync(Batches.Range(symbol, next[symbol], next[symbol] + take - 1));
                        next[symbol] += take;
                    }
                }
            }

            await AssertSoundAsync((await LiveAsync(_log, tail: 3)).Tracker);
        }
    }

    private async Task AssertSoundAsync(ContinuityTracker tracker)
    {
        foreach (var symbol in new[] { _btc, _eth })
        {
            var logged = await LoggedAsync(symbol);
            foreach (var claimed in tracker.Coverage(symbol).Ranges)
            {
                for (var id = claimed.From; id <= claimed.To; id++)
                {
                    Assert.IsTrue(logged.Contains(id), $"{symbol} {id} is claimed and not in the log: {logged}");
                }
            }

            if (!logged.IsEmpty) Assert.IsLessThanOrEqualTo(
                logged.Min, tracker.First(symbol) ?? long.MaxValue, $"{symbol} has begun at {logged.Min}");
        }
    }

    private async Task<IdRangeSet> LoggedAsync(Symbol symbol)
    {
        var ids = new IdRangeSet();
        await using var reader = _log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 0 });
        while (reader.TryRead(1000) is { } slice)
        {
            foreach (var record in slice.Records.Span)
            {
                Assert.AreEqual(TradeModel.Quality.ErrorReason.None, TradeJson.TryRead(record.Value.Span, _table, out var trade));
                if (trade.Symbol == symbol) ids.Add(trade.TradeId);
            }
        }

        return ids;
    }

    private EmbeddedTradeLog NewLog() =>
        EmbeddedTradeLog.Open(_folder[$"{_logs++}.db"], new EmbeddedTradeLogOptions(), TimeProvider.System);

    private Task<Life> LiveAsync(ITradeLog log, int tail, params Symbol[] symbols) =>
        Life.BeginAsync(log, tail, symbols.Length == 0 ? [_btc, _eth] : symbols, Stop);

    private sealed record Step(int Kind, int Symbol, int Skip, int Take);

    private sealed record Plan(IReadOnlyCollection<Step> Steps, int Appends, int Tail);

    /// <summary>An ingest process from its start on. It simply ends where nothing is done with it any more, as when it is killed.</summary>
    private sealed class Life(
        ContinuityTracker tracker, TradeChannel channel, LogWriter writer, LogMetrics metrics, CancellationToken stop)
    {
        private readonly Task _writing = Task.Run(() => writer.RunAsync(stop), stop);
        private long _captured;

        public ContinuityTracker Tracker => tracker;

        public static async Task<Life> BeginAsync(ITradeLog log, int tail, Symbol[] symbols, CancellationToken stop)
        {
            var metrics = new TradeIngestMetrics();
            var tracker = new ContinuityTracker(metrics);
            var ledger = new CaptureLedger(tracker);
            await new LogTail(log, tail, TimeProvider.System, NullLogger<LogTail>.Instance).SeedAsync(tracker, ledger.Seed, symbols, stop);
            var channel = new TradeChannel(
                new TradeChannelOptions(), tracker, _ => { }, metrics, TimeProvider.System, NullLogger<TradeChannel>.Instance);
            return new Life(
                tracker, channel, new LogWriter(channel, log, metrics, TimeProvider.System, NullLogger<LogWriter>.Instance, ledger),
                metrics.Log,
                stop);
        }

        /// <summary>Brings each batch through the pipeline into the log, or as far as the process lives.</summary>
        public async Task CaptureAsync(params TradeBatch[] batches)
        {
            foreach (var batch in batches)
            {
                tracker.Accept(batch, []);
                _captured += batch.Count;
                channel.OnNext(batch);
                await UntilAsync(() => metrics.Trades.Value == _captured);
            }
        }

        public void Decide(GapVerdict verdict) => channel.OnNext(verdict);

        public void RequestCheckpoint() => writer.RequestCheckpoint();

        public async Task CheckpointAsync()
        {
            var before = metrics.Checkpoints.Value;
            writer.RequestCheckpoint();
            await UntilAsync(() => metrics.Checkpoints.Value > before);
        }

        public async Task StopAsync()
        {
            channel.OnCompleted();
            await _writing;
        }

        public string Open() => string.Join(' ', tracker.OpenGaps().Select(gap => $"{gap.Symbol} {string.Join(", ", gap.Missing)}"));

        private async Task UntilAsync(Func<bool> condition)
        {
            using var late = Patience.Start();
            while (!condition() && !_writing.IsCompleted)
            {
                late.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }

            // Dead is dead; anything else is a mistake.
            if (_writing.IsFaulted) Assert.IsInstanceOfType<StorageException>(_writing.Exception!.InnerException);
        }
    }
}
