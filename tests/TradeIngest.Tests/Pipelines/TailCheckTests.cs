using Crypto.TestSupport;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class TailCheckTests : IAsyncDisposable
{
    private static readonly TailCheckOptions Options = new();

    private readonly ManualTimeProvider _clock = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly ContinuityTracker _tracker;
    private readonly FakeHistory _history = new() { Last = 10 };
    private readonly Symbol _btc = new SymbolTable().Intern("BTCUSDT");
    private readonly CancellationTokenSource _stop = new();
    private readonly TailCheck _check;
    private readonly Task _running;

    public TailCheckTests()
    {
        _tracker = new ContinuityTracker(_metrics);
        _check = new TailCheck(_history, _tracker, _ => Task.CompletedTask, Options, _metrics.Backfill, _clock, NullLogger.Instance);
        _check.Events.TrackContinuity(_tracker).Subscribe();
        _running = _check.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _check.Dispose();
        _stop.Dispose();
    }

    [TestMethod]
    public async Task Run_SilentAfterAConnection_FetchesWhatFollowsOnce()
    {
        See(1, 2, 3);
        _check.Suspect();
        await PassAsync(Options.AfterConnect);
        Assert.AreEqual("[1, 10]", Coverage());
        Assert.AreEqual((7L, 1L), (_metrics.Backfill.Fetched.Value, _metrics.Backfill.Requests.Value));

        // Nothing raises a doubt any more, so it is asked for rarely.
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.AreEqual(1, _metrics.Backfill.Requests.Value);
        await PassAsync(Options.Recheck);
        Assert.AreEqual((7L, 2L), (_metrics.Backfill.Fetched.Value, _metrics.Backfill.Requests.Value));
    }

    [TestMethod]
    public async Task Run_SymbolThatIsNotCapturedAnyMore_AsksNothing()
    {
        See(1, 2, 3);
        _check.Follow([]);
        _check.Suspect();
        await PassAsync(Options.AfterConnect);
        Assert.AreEqual(0L, _metrics.Backfill.Requests.Value);

        _check.Follow([_btc]);
        await PassAsync(Options.AfterConnect);
        Assert.AreEqual("[1, 10]", Coverage());
    }

    [TestMethod]
    public async Task Run_StreamGoesOn_AsksNothing()
    {
        _history.Last = 1000;
        for (var id = 1; id < 200; id++)
        {
            See(id);
            _check.Suspect();
            await PassAsync(Options.Interval);
        }

        Assert.AreEqual(0, _metrics.Backfill.Requests.Value);
    }

    [TestMethod]
    public async Task Run_SilentWithoutADoubt_AsksAfterTheLongInterval()
    {
        await PassAsync(Options.AfterConnect);
        See(1, 2, 3);
        await PassAsync(Options.Recheck - Options.Interval);
        Assert.AreEqual(0, _metrics.Backfill.Requests.Value);
        await PassAsync(Options.Interval * 2);
        Assert.AreEqual("[1, 10]", Coverage());
    }

    [TestMethod]
    public async Task Run_MoreThanOneAnswer_FetchesAll()
    {
        (_history.MaxTrades, _history.Last) = (100, 1234);
        See(1);
        _check.Suspect();
        await PassAsync(Options.AfterConnect);
        Assert.AreEqual("[1, 1234]", Coverage());
    }

    [TestMethod]
    public async Task Run_IdsMissingInTheAnswer_AreAGapLikeAnyOther()
    {
        _history.Lacks.Add(new(5, 6));
        See(1, 2, 3);
        _check.Suspect();
        await PassAsync(Options.AfterConnect);
        Assert.AreEqual("[1, 4], [7, 10]", Coverage());
        Assert.AreEqual(1, _metrics.Continuity.Gaps.Value);
    }

    [TestMethod]
    public async Task Run_ExchangeAway_AsksAgainAtTheNextLook()
    {
        _history.Failures.Enqueue(new ExchangeException("down", isTransient: true));
        See(1, 2, 3);
        _check.Suspect();
        await PassAsync(Options.AfterConnect);
        Assert.AreEqual((1L, 0L), (_metrics.Backfill.Failures.Value, _metrics.Backfill.Fetched.Value));
        await PassAsync(Options.Interval);
        Assert.AreEqual("[1, 10]", Coverage());
    }

    /// <summary>Lets so much time pass, look by look.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Options.Interval) await _clock.AdvanceToNextTimerAsync(Options.Interval);

        // The look is over when the next one is waited for.
        using var patience = Patience.Start();
        while (_clock.NextDue is null)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private string Coverage() => string.Join(", ", _tracker.Coverage(_btc).Ranges.ToArray());

    private void See(params long[] ids)
    {
        using var batch = Batches.Of(_btc, ids);
        _tracker.Accept(batch, []);
    }
}
