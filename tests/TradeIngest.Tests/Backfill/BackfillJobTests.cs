using Crypto.TestSupport;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Tests.Backfill;

/// <summary>What is asked of the exchange, and what comes of its answers.</summary>
[TestClass]
public sealed class BackfillJobTests
{
    private static readonly BackoffOptions Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), Attempts: 3);

    private readonly ManualTimeProvider _clock = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly FakeHistory _history = new();
    private readonly RecordingTarget _target;
    private readonly Symbol _btc;

    public BackfillJobTests()
    {
        _target = new RecordingTarget(_metrics);
        _btc = _target.Symbols.Intern("BTCUSDT");
    }

    [TestMethod]
    public async Task Ids_PartlyStored_FetchesTheRestInPages()
    {
        _history.MaxTrades = 5;
        _target.Has(_btc, 3, 4, 5);

        var report = await RunAsync(Ids(1, 12));

        Assert.AreEqual((9, 3, 0, 1.0), (report.Trades, report.Known, report.Absent, report.Fraction));
        Assert.IsEmpty(_target.Tracker.Missing(_btc, new IdRange(1, 12)));
        CollectionAssert.AreEqual(new[] { (1L, 5), (6L, 5), (11L, 3) }, _history.Asked);
    }

    [TestMethod]
    public async Task Ids_AllStored_AsksNothing()
    {
        _target.Has(_btc, 1, 2, 3);

        var report = await RunAsync(Ids(1, 3));

        Assert.AreEqual((0, 3), (report.Trades, report.Known));
        Assert.IsEmpty(_history.Asked);
    }

    [TestMethod]
    public async Task Ids_ManySmallGaps_ShareAPage()
    {
        for (var id = 1; id <= 99; id += 2) _target.Has(_btc, id);

        var report = await RunAsync(Ids(1, 99));

        Assert.AreEqual(49, report.Trades);
        Assert.HasCount(1, _history.Asked);
    }

    [TestMethod]
    public async Task Ids_HoleOfTheExchange_IsCountedAfterASecondPageAndNotAskedForOn()
    {
        _history.Lacks.Add(new IdRange(4, 6));

        var report = await RunAsync(Ids(1, 10));

        Assert.AreEqual((7, 3, 1.0), (report.Trades, report.Absent, report.Fraction));
        CollectionAssert.AreEqual(new[] { (1L, 11), (3L, 5) }, _history.Asked);
        Assert.AreEqual(3, _metrics.Backfill.HoleIds.Value);
        Assert.Contains("hole 4-6", string.Join(' ', _target.Tape));
    }

    [TestMethod]
    public async Task Ids_BehindTheNewestTrade_AreAbsentAndNoHole()
    {
        _history.Last = 10;

        var report = await RunAsync(Ids(8, 1_000_000_000_000));

        Assert.AreEqual((3, 1_000_000_000_000 - 10), (report.Trades, report.Absent));
        Assert.AreEqual(0, _metrics.Backfill.HoleIds.Value);
    }

    [TestMethod]
    public async Task Ids_TransientFailures_AreRetriedWithPauses()
    {
        _history.Failures.Enqueue(new ExchangeException("unreachable", isTransient: true));
        _history.Failures.Enqueue(new ExchangeException("unreachable", isTransient: true));

        var report = await RunAsync(Ids(1, 3));

        Assert.AreEqual((3, (string?)null), (report.Trades, report.Note));
        Assert.AreEqual(2, _metrics.Backfill.Failures.Value);
    }

    [TestMethod]
    public async Task Ids_OutageAfterTheFirstAnswer_IsWaitedOut()
    {
        _history.MaxTrades = 2;
        var progress = new BackfillProgress();
        await RunAsync(Ids(1, 2), progress);
        for (var i = 0; i < 10; i++) _history.Failures.Enqueue(new ExchangeException("unreachable", isTransient: true));
        var job = Job(new FailingLater(_history));

        await EndAsync(job.RunAsync(Ids(3, 8), progress, CancellationToken.None));

        Assert.IsEmpty(_history.Failures);
        Assert.AreEqual(8, progress.Report.Trades);
    }

    [TestMethod]
    public async Task Ids_NeverAnswered_EndsAfterTheAttempts()
    {
        for (var i = 0; i < 3; i++) _history.Failures.Enqueue(new ExchangeException("unreachable", isTransient: true));

        var failure = await Assert.ThrowsExactlyAsync<ExchangeException>(() => RunAsync(Ids(1, 3)));

        Assert.Contains("unreachable", failure.Message);
        Assert.Contains("--dates", failure.Message);
    }

    [TestMethod]
    public async Task Ids_PlaceRefused_EndsAtOnceAndNamesTheArchive()
    {
        _history.Failures.Enqueue(new ExchangeException("451", isTransient: true) { RetryAfter = TimeSpan.FromMinutes(5) });

        var failure = await Assert.ThrowsExactlyAsync<ExchangeException>(() => RunAsync(Ids(1, 3)));

        Assert.Contains("--archive", failure.Message);
        Assert.AreEqual(1, _metrics.Backfill.Requests.Value);
    }

    [TestMethod]
    public async Task Ids_Banned_WaitsAsLongAsTheExchangeSays()
    {
        var until = _clock.GetUtcNow() + TimeSpan.FromHours(1);
        _history.Failures.Enqueue(
            new ExchangeException("banned", isTransient: true) { IsBan = true, RetryAfter = TimeSpan.FromHours(1) });

        await RunAsync(Ids(1, 3));

        Assert.IsGreaterThanOrEqualTo(until, _clock.GetUtcNow());
    }

    [TestMethod]
    public async Task Ids_UnknownSymbol_IsWrongUsage()
    {
        _history.Failures.Enqueue(new ExchangeException("no such symbol", isTransient: false) { IsUnknownSymbol = true });

        await Assert.ThrowsExactlyAsync<ConfigurationException>(() => RunAsync(Ids(1, 3)));
    }

    [TestMethod]
    public async Task Times_OfTrades_BecomeTheIdsFromTheFirstToTheOneBeforeTheEnd()
    {
        var request = new BackfillRequest { Symbol = "BTCUSDT", FromTime = 10_500_000, ToTime = 20_000_000 };

        var report = await RunAsync(request);

        Assert.AreEqual(9, report.Trades);
        Assert.AreEqual((11L, 10), _history.Asked.Single());
    }

    [TestMethod]
    public async Task Times_WithoutATrade_AsksForNone()
    {
        var report = await RunAsync(new BackfillRequest { Symbol = "BTCUSDT", FromTime = 10_500_000, ToTime = 10_900_000 });

        Assert.AreEqual(0, report.Trades + report.Absent);
        Assert.IsEmpty(_history.Asked);
    }

    [TestMethod]
    public async Task Gaps_OfAllSymbols_AreFilledAndARemovedSymbolCostsNoOther()
    {
        var eth = _target.Symbols.Intern("ETHUSDT");
        _target.Has(_btc, 1, 10);
        _target.Has(eth, 1, 10);
        _history.Failures.Enqueue(new ExchangeException("gone", isTransient: false) { IsUnknownSymbol = true });

        var report = await RunAsync(new BackfillRequest());

        Assert.AreEqual(8, report.Trades);
        Assert.AreEqual("BTCUSDT: gone", report.Refused.Single());
        Assert.IsFalse(report.IsWhole);
    }

    [TestMethod]
    public async Task Gaps_OfASymbolWithoutTrades_IsWrongUsage()
    {
        var failure = await Assert.ThrowsExactlyAsync<ConfigurationException>(() => RunAsync(new BackfillRequest { Symbol = "ETHUSDT" }));

        Assert.Contains("ETHUSDT", failure.Message);
    }

    private static BackfillRequest Ids(long from, long to) => new() { Symbol = "BTCUSDT", FromId = from, ToId = to };

    private BackfillJob Job(ITradeHistory history) => new(history, _target, "unused", Pauses, _metrics.Backfill, _clock);

    private async Task<BackfillReport> RunAsync(BackfillRequest request, BackfillProgress? progress = null)
    {
        progress ??= new BackfillProgress();
        await EndAsync(Job(_history).RunAsync(request, progress, CancellationToken.None));
        return progress.Report;
    }

    /// <summary>Moves the clock whenever the work waits.</summary>
    private async Task EndAsync(Task work)
    {
        using var patience = Patience.Start();
        while (!work.IsCompleted)
        {
            patience.Token.ThrowIfCancellationRequested();
            if (_clock.NextDue is { } due) _clock.Advance(due);
            await Task.Yield();
        }

        await work;
    }

    /// <summary>Answers once, whatever is to fail.</summary>
    private sealed class FailingLater(FakeHistory history) : ITradeHistory
    {
        private readonly FakeHistory _calm = new() { MaxTrades = history.MaxTrades };
        private bool _hasAnswered;

        public int MaxTrades => history.MaxTrades;

        public Task<TradeBatch> ReadTradesAsync(Symbol symbol, long fromId, int limit, CancellationToken cancellationToken)
        {
            var source = _hasAnswered ? history : _calm;
            _hasAnswered = true;
            return source.ReadTradesAsync(symbol, fromId, limit, cancellationToken);
        }

        public Task<long?> FirstIdAtAsync(Symbol symbol, Timestamp time, CancellationToken cancellationToken) =>
            history.FirstIdAtAsync(symbol, time, cancellationToken);
    }
}
