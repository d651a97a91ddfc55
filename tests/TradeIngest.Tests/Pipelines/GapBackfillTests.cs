using System.Reactive.Linq;
using Crypto.TestSupport;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class GapBackfillTests
{
    private static readonly TailCheckOptions NoTails = new() { AfterConnect = TimeSpan.MaxValue, Recheck = TimeSpan.MaxValue };

    private readonly ManualTimeProvider _clock = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly ContinuityTracker _tracker;
    private readonly FakeHistory _history = new();
    private readonly List<string> _tape = [];
    private readonly SymbolTable _table = new();
    private readonly Symbol _btc;

    public GapBackfillTests()
    {
        _tracker = new ContinuityTracker(_metrics);
        _btc = _table.Intern("BTCUSDT");
    }

    [TestMethod]
    public async Task Run_Gap_IsFetchedAfterTheFirstDelayAndFilled()
    {
        await using var run = Run();
        See(1, 10);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 9)));
        await run.ArmedAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(199));
        Assert.AreEqual(0, _history.Asked.Count);

        await run.UntilAsync(() => _tape.Count > 0);
        CollectionAssert.AreEqual(new[] { "[2 3 4 5 6 7 8 9]" }, _tape);
        Assert.IsEmpty(_tracker.OpenGaps());
        Assert.AreEqual(8, _metrics.Backfill.Fetched.Value);
        Assert.AreEqual((2, 9), _history.Asked.Single());
    }

    [TestMethod]
    public async Task Run_GapFilledMeanwhile_AsksForTheRestOnly()
    {
        await using var run = Run();
        See(1, 10);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 9)));
        See(2, 3, 4, 7);

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        CollectionAssert.AreEqual(new[] { (5L, 6) }, _history.Asked);
        CollectionAssert.AreEqual(new[] { "[5 6 8 9]" }, _tape);
    }

    [TestMethod]
    public async Task Run_GapLargerThanOneAnswer_TakesSeveral()
    {
        _history.MaxTrades = 100;
        await using var run = Run();
        See(1, 1000);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 999)));

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        Assert.AreEqual(998, _metrics.Backfill.Fetched.Value);
        Assert.AreEqual(0, _metrics.Backfill.HoleIds.Value);
    }

    [TestMethod]
    public async Task Run_IdsTheExchangeLacks_EndAsHolesAndAreNotAskedAgain()
    {
        _history.Lacks.Add(new IdRange(2, 3));
        _history.Lacks.Add(new IdRange(6, 6));
        _history.Lacks.Add(new IdRange(9, 9));
        await using var run = Run();
        See(1, 10);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 9)));
        await run.UntilAsync(() => _tape.Count == 4);

        var asked = _history.Asked.Count;
        run.Backfill.EnqueueOpenGaps();
        Assert.AreEqual(0, run.Backfill.Pending);
        Assert.AreEqual(asked, _history.Asked.Count);
        CollectionAssert.AreEquivalent(new[] { "[4 5 7 8]", "hole 2-3", "hole 6-6", "hole 9-9" }, _tape);
        Assert.AreEqual(4, _metrics.Backfill.HoleIds.Value);
        Assert.IsEmpty(_tracker.OpenGaps());
        Assert.IsFalse(_tracker.HasPassed(_btc, 9), "One that comes nevertheless passes.");
        Assert.Contains((1L, 10), _history.Asked, "Holes are confirmed by a page that begins elsewhere.");
    }

    [TestMethod]
    public async Task Run_HoleOfManyPages_IsSettledByTwo()
    {
        _history.MaxTrades = 10;
        _history.Lacks.Add(new IdRange(11, 94));
        await using var run = Run();
        See(10, 95);
        run.Backfill.EnqueueOpenGaps();

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);

        Assert.HasCount(2, _history.Asked);
        CollectionAssert.AreEqual(new[] { "hole 11-94" }, _tape);
    }

    [TestMethod]
    public async Task Run_OnePageThatLacksIds_MakesNoHole()
    {
        _history.Lacks.Add(new IdRange(2, 9));
        await using var run = Run();
        See(1, 10);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 9)));
        await run.UntilAsync(() => _history.Asked.Count == 1);
        _history.Lacks.Clear();

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        Assert.AreEqual(0, _metrics.Backfill.HoleIds.Value);
    }

    [TestMethod]
    public async Task Run_EverySecondTradeLost_IsFilledByAsManyPagesAsHoldThem()
    {
        await using var run = Run();
        See([.. Enumerable.Range(0, 2001).Select(number => 2L * number)]);
        run.Backfill.EnqueueOpenGaps();

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        Assert.AreEqual(2000, _metrics.Backfill.Fetched.Value);
        Assert.HasCount(5, _history.Asked);
    }

    [TestMethod]
    public async Task Run_GiantGap_DoesNotHoldBackAFreshOne()
    {
        _history.Last = long.MaxValue;
        await using var run = Run(new GapBackfillOptions { MaxTrades = 1_000_000_000 });
        See(1, 100_000_000, 100_000_201);
        run.Backfill.EnqueueOpenGaps();

        await run.UntilAsync(() => _tracker.Missing(_btc, new IdRange(100_000_000, 100_000_201)).Count == 0);
        Assert.IsLessThanOrEqualTo(3, _history.Asked.Count);
    }

    [TestMethod]
    public async Task Run_HistoryLagsForLong_IsAskedUntilItHasTheIds()
    {
        _history.Last = 1;
        await using var run = Run();
        See(1, 10);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 9)));
        await run.UntilAsync(() => _history.Asked.Count == 20);
        _history.Last = 20;

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        Assert.AreEqual(0, _metrics.Backfill.HoleIds.Value);
    }

    [TestMethod]
    public async Task Run_HistoryLags_AsksAgainBeforeItCallsItAHole()
    {
        _history.Lacks.Add(new IdRange(5, 100));
        await using var run = Run();
        See(1, 10);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 9)));
        await run.UntilAsync(() => _tape.Count == 1);
        _history.Lacks.Remove(new IdRange(5, 100));

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        Assert.AreEqual(0, _metrics.Backfill.HoleIds.Value);
    }

    [TestMethod]
    public async Task Run_TransientFailure_IsRetriedUntilItSucceeds()
    {
        _history.Failures.Enqueue(new ExchangeException("down", isTransient: true));
        _history.Failures.Enqueue(new ExchangeException("down", isTransient: true));
        await using var run = Run();
        See(1, 5);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 4)));

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
        Assert.AreEqual(2, _metrics.Backfill.Failures.Value);
    }

    [TestMethod]
    public async Task Run_LastingRefusal_IsOutOfReachAndNoHole()
    {
        _history.Failures.Enqueue(new ExchangeException("no such symbol", isTransient: false));
        await using var run = Run();
        See(1, 5);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 4)));
        await run.UntilAsync(() => _tape.Count == 1);

        run.Backfill.EnqueueOpenGaps();
        Assert.AreEqual(0, run.Backfill.Pending);
        CollectionAssert.AreEqual(new[] { "out of reach 2-4" }, _tape);
        Assert.AreEqual((0L, 3L), (_metrics.Backfill.HoleIds.Value, _metrics.Backfill.OutOfReachIds.Value));
        Assert.AreEqual(new IdRange(2, 4), _tracker.OpenGaps().Single().Missing.Single(), "Asked for again at the next start.");
    }

    [TestMethod]
    public async Task Run_GapOfTooManyTrades_IsOutOfReachUnasked()
    {
        await using var run = Run(new GapBackfillOptions { MaxTrades = 5000 });
        See(1, 5002, 10_004);
        run.Backfill.EnqueueOpenGaps();
        run.Backfill.EnqueueOpenGaps();

        await run.UntilAsync(() => _tape.Contains("out of reach 5003-10003") && _tracker.OpenGaps()[0].Missing.Count == 1);

        Assert.HasCount(1, _tape.FindAll(text => text.StartsWith("out", StringComparison.Ordinal)));
        Assert.IsFalse(_history.Asked.Exists(asked => asked.From > 5002));
    }

    [TestMethod]
    public async Task Run_GapOfOldTrades_IsOutOfReachButForThePageThatToldSo()
    {
        _clock.Advance(TimeSpan.FromDays(3));
        await using var run = Run(new GapBackfillOptions { MaxAge = TimeSpan.FromDays(2) });
        See(1, 3000, 3010);
        run.Backfill.EnqueueOpenGaps();

        // The other one is as old, and done with the page that would tell so.
        await run.UntilAsync(() => _tracker.Missing(_btc, new IdRange(3001, 3009)).Count == 0 && _metrics.Backfill.OutOfReachIds.Value > 0);

        Assert.HasCount(2, _history.Asked);
        Assert.AreEqual(_metrics.Backfill.OutOfReachIds.Value, _tracker.OpenGaps().Single().Missing.Sum(range => range.Count));
    }

    [TestMethod]
    public async Task Run_QueueOverflows_FindsTheRestInTheTracker()
    {
        await using var run = Run(new GapBackfillOptions { Ranges = 2 });
        See(1, 3, 5, 7, 9, 11);
        for (var id = 2; id < 11; id += 2) run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(id, id)));
        Assert.AreEqual(3, _metrics.Backfill.Deferred.Value);

        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
    }

    [TestMethod]
    public async Task Run_HandOffFull_WaitsWithFetching()
    {
        var room = new TaskCompletionSource();
        await using var run = Run(waitForRoom: token => room.Task.WaitAsync(token));
        See(1, 5);
        run.Backfill.Enqueue(new GapFound(default, _btc, new IdRange(2, 4)));
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.AreEqual(0, _history.Asked.Count);

        room.SetResult();
        await run.UntilAsync(() => _tracker.OpenGaps().Count == 0);
    }

    [TestMethod]
    public void GapQueue_BusySymbolFirst_ThenTheOneThatGrewOld()
    {
        var queue = new GapQueue(100, _clock);
        var eth = _table.Intern("ETHUSDT");
        queue.TryAdd(eth, new IdRange(1, 10), TimeSpan.Zero);
        queue.TryAdd(_btc, new IdRange(1, 500), TimeSpan.Zero);
        Assert.IsTrue(queue.TryTake(100, out var first, out var ranges));
        Assert.AreEqual(_btc, first);
        Assert.AreEqual(new IdRange(1, 100), ranges.Single());

        Assert.IsTrue(queue.TryTake(100, out var fresh, out _));
        Assert.AreEqual(eth, fresh, "Every other turn is for the smallest.");
        queue.TryAdd(eth, new IdRange(1, 10), TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromMinutes(10));
        while (queue.TryTake(1000, out var symbol, out _) && symbol != _btc)
        {
            // Until that one is empty, too.
        }

        queue.TryAdd(eth, new IdRange(1, 10), TimeSpan.Zero);
        _clock.Advance(TimeSpan.FromMinutes(10));
        queue.TryAdd(_btc, new IdRange(1000, 1999), TimeSpan.Zero);
        queue.TryTake(1000, out var one, out _);
        queue.TryTake(1000, out var other, out _);
        CollectionAssert.AreEquivalent(new[] { _btc, eth }, new[] { one, other });
    }

    [TestMethod]
    public void GapQueue_Page_HoldsAllThatOneAnswerCanBring()
    {
        var queue = new GapQueue(100, _clock);
        foreach (var from in new[] { 1, 50, 99, 101, 250 }) queue.TryAdd(_btc, new IdRange(from, from + 4), TimeSpan.Zero);

        queue.TryTake(100, out _, out var page);

        CollectionAssert.AreEqual(new IdRange[] { new(1, 5), new(50, 54), new(99, 100) }, page.ToArray());
        Assert.AreEqual(2, queue.Count);
    }

    [TestMethod]
    public void GapQueue_DueInAFractionOfAMillisecond_IsWaitedForAndNotSpunUpon()
    {
        var queue = new GapQueue(100, _clock);
        queue.TryAdd(_btc, new IdRange(1, 10), TimeSpan.FromTicks(5));

        Assert.AreEqual(TimeSpan.FromMilliseconds(1), queue.UntilDue());
    }

    private void See(params long[] ids)
    {
        using var batch = Batches.Of(_btc, ids);
        _tracker.Accept(batch, []);
    }

    private Running Run(GapBackfillOptions? options = null, Func<CancellationToken, Task>? waitForRoom = null)
    {
        var backfill = new GapBackfill(
            _history, _tracker, waitForRoom
                ?? (_ => Task.CompletedTask), (options ?? new GapBackfillOptions()) with { Tails = NoTails }, _metrics, _clock,
            NullLogger<GapBackfill>.Instance);
        backfill.Events.TrackContinuity(_tracker).Subscribe(value => _tape.Add(Batches.Text(value)));
        return new Running(backfill, _clock);
    }

    /// <summary>Runs a backfill and moves the clock whenever it waits.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ManualTimeProvider _clock;
        private readonly Task _task;

        public Running(GapBackfill backfill, ManualTimeProvider clock)
        {
            Backfill = backfill;
            _clock = clock;
            _task = backfill.RunAsync(_stop.Token);
        }

        public GapBackfill Backfill { get; }

        public async Task ArmedAsync()
        {
            while (_clock.ArmedTimers < 2) await Task.Yield();
        }

        public async Task UntilAsync(Func<bool> condition)
        {
            using var patience = Patience.Start();
            while (!condition())
            {
                patience.Token.ThrowIfCancellationRequested();
                if (_clock.NextDue is { } due) _clock.Advance(due);
                await Task.Yield();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _task;
            Backfill.Dispose();
            _stop.Dispose();
        }
    }
}
