using System.Reactive.Linq;
using System.Reactive.Subjects;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// Fetches what is missing and publishes it as batches, to be merged into the pipeline before continuity is tracked. Ids that the
/// exchange does not have either are published once as an <see cref="ExchangeHole"/> and never asked for again; those that it refuses
/// for good, too many or too old, once as <see cref="OutOfReach"/>, and not asked for again while this process lives. One fetch at a time:
/// the exchange's weight limit, not the round trip, is what binds. Losses that no later id shows are looked for beside it
/// (<see cref="TailCheck"/>).
/// </summary>
/// <param name="waitForRoom">Awaited before each fetch, so that a full hand-off does not shed what was just fetched.</param>
internal sealed class GapBackfill(
    ITradeHistory history,
    ContinuityTracker tracker,
    Func<CancellationToken, Task> waitForRoom,
    GapBackfillOptions options,
    TradeIngestMetrics metrics,
    TimeProvider clock,
    ILogger<GapBackfill> logger) : IDisposable
{
    private readonly BackoffOptions _backoff = new(options.RetryDelay, TimeSpan.FromMinutes(1));
    private readonly Lock _gate = new();
    private readonly GapQueue _queue = new(options.Ranges, clock);

    // Out of reach.
    private readonly Dictionary<Symbol, IdRangeSet> _excluded = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Symbol, Backoff> _backoffs = new(ReferenceEqualityComparer.Instance);
    // Lacking in one answer, which another has to confirm. Owned by the loop that asks.
    private readonly Dictionary<Symbol, IdRangeSet> _doubted = new(ReferenceEqualityComparer.Instance);
    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly Subject<StreamEvent> _events = new();
    private readonly TailCheck _tails = new(history, tracker, waitForRoom, options.Tails, metrics.Backfill, clock, logger);
    private readonly BackfillMetrics _metrics = metrics.Backfill;
    private readonly Queue<OutOfReach> _unpublished = new();
    private bool _overflowed;

    /// <summary>Batches with source Backfill, and verdicts. Completes when <see cref="RunAsync"/> ends.</summary>
    public IObservable<StreamEvent> Events => _events.Merge(_tails.Events);

    /// <summary>Ranges queued now.</summary>
    public int Pending
    {
        get
        {
            lock (_gate) return _queue.Count;
        }
    }

    /// <summary>Takes note of what passes by in the pipeline. Never waits.</summary>
    public void Observe(StreamEvent value)
    {
        if (value is GapFound gap) Enqueue(gap);
        else if (value is Connected) _tails.Suspect();
    }

    /// <summary>Asks for the trades behind the last one of these symbols only: others are not captured any more.</summary>
    public void Follow(IEnumerable<Symbol> symbols) => _tails.Follow(symbols);

    /// <summary>Queues a gap. Never waits; may be called from within the pipeline.</summary>
    public void Enqueue(GapFound gap) => Enqueue(gap.Symbol, gap.Ids, options.FirstDelay);

    /// <summary>Queues everything the tracker misses, as after a start from stored coverage.</summary>
    public void EnqueueOpenGaps()
    {
        foreach (var (symbol, missing) in tracker.OpenGaps())
        {
            foreach (var range in missing) Enqueue(symbol, range, TimeSpan.Zero);
        }
    }

    /// <summary>Fetches until stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _metrics.Pending.ReadFrom(() => Pending);
        Task[] loops = [FillAsync(cancellationToken), _tails.RunAsync(cancellationToken)];
        await await Task.WhenAny(loops);
        await Task.WhenAll(loops);
    }

    public void Dispose()
    {
        _tails.Dispose();
        _signal.Dispose();
        _events.Dispose();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await waitForRoom(cancellationToken);
                PublishVerdicts();
                if (TryTake(out var symbol, out var ranges)) await FillAsync(symbol, ranges, cancellationToken);
                else await WaitForWorkAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _events.OnCompleted();
        }
    }

    private bool TryTake(out Symbol symbol, out IReadOnlyList<IdRange> ranges)
    {
        lock (_gate)
        {
            // Fewer than a page has: the id before the first is asked for where a hole is to be confirmed, and the one behind the last to
            // learn whether the history reaches past it.
            return _queue.TryTake(Math.Max(1, history.MaxTrades - 2), out symbol, out ranges);
        }
    }

    /// <summary>Not from within the pipeline, where a gap is found.</summary>
    private void PublishVerdicts()
    {
        while (true)
        {
            OutOfReach? verdict;
            lock (_gate)
            {
                if (!_unpublished.TryDequeue(out verdict)) return;
            }

            _metrics.OutOfReachIds.Add(verdict.Ids.Count);
            logger.GapOutOfReach(
                verdict.Ids, verdict.Symbol, verdict.Ids.Count, verdict.Reason,
                $"trade-ingest backfill {verdict.Symbol} --from-id {verdict.Ids.From} --to-id {verdict.Ids.To}");
            _events.OnNext(verdict);
        }
    }

    private async Task WaitForWorkAsync(CancellationToken cancellationToken)
    {
        TimeSpan? wait;
        bool rescan;
        lock (_gate)
        {
            if (_unpublished.Count > 0) return;
            wait = _queue.UntilDue();
            rescan = wait is null && _overflowed;
            if (rescan) _overflowed = false;
        }

        if (rescan) EnqueueOpenGaps();
        else if (wait is null) await _signal.WaitAsync(cancellationToken);
        else await Task.Delay(wait.Value, clock, cancellationToken);
    }

    /// <summary>Asks for one page, which is as dear for one id as for all that it can hold.</summary>
    private async Task FillAsync(Symbol symbol, IReadOnlyList<IdRange> ranges, CancellationToken cancellationToken)
    {
        // Another connection may have brought some of it meanwhile.
        var missing = IdRangeSet.Of([.. ranges.SelectMany(range => tracker.Missing(symbol, range))]);
        if (missing.IsEmpty) return;
        try
        {
            _metrics.Requests.Increment();

            // A hole is confirmed by a page that begins elsewhere.
            var from = missing.Min > 0 && IsDoubted(symbol, missing.Ranges[0]) ? missing.Min - 1 : missing.Min;
            var limit = (int)Math.Min(history.MaxTrades, missing.Max - from + 2);
            Publish(symbol, missing, limit, await history.ReadTradesAsync(symbol, from, limit, cancellationToken));
        }
        catch (ExchangeException refusal)
        {
            _metrics.Failures.Increment();
            foreach (var range in missing.Ranges) GiveBack(symbol, range, refusal);
        }
    }

    private void GiveBack(Symbol symbol, IdRange range, ExchangeException refusal)
    {
        if (refusal.IsTransient)
        {
            logger.FetchFailed(symbol, range, refusal.Message);
            Retry(symbol, range, refusal.RetryAfter);
        }
        else
        {
            GiveUp(symbol, range, refusal.Message);
        }
    }

    /// <summary>Publishes the trades asked for and decides about those the answer lacks.</summary>
    private void Publish(Symbol symbol, IdRangeSet asked, int limit, TradeBatch answer)
    {
        var trades = answer.Trades;
        var last = trades.Length > 0 ? trades[^1].TradeId : -1;

        // A page that passes over a hole speaks of all of it, however large.
        var end = Math.Min(last, tracker.Last(symbol) ?? last);
        if (end > asked.Max + 1) asked = IdRangeSet.Of([.. tracker.Missing(symbol, new IdRange(asked.Min, end))]);
        var absent = asked.Clone();
        var isOld = trades.Length > 0 && Timestamp.Now(clock) - trades[0].TradeTime > options.MaxAge;
        var kept = 0;
        foreach (ref readonly var trade in trades)
        {
            if (!asked.Contains(trade.TradeId)) continue;
            absent.Remove(new IdRange(trade.TradeId, trade.TradeId));
            trades[kept++] = trade;
        }

        // One that was cut off says nothing of what comes behind it.
        var isCut = trades.Length >= limit && kept > 0;
        answer.Truncate(kept);
        _metrics.Fetched.Add(kept);
        if (kept > 0) _events.OnNext(answer);
        else answer.Dispose();

        if (absent.IsEmpty || isCut) _backoffs.Remove(symbol);
        foreach (var range in absent.Ranges.ToArray())
        {
            if (range.To < last) Doubt(symbol, range);
            else if (isCut) Enqueue(symbol, range, TimeSpan.Zero);
            else Retry(symbol, range);
        }

        if (isOld) GiveUpRest(symbol, asked);
    }

    /// <summary>The history holds a later trade, so it does not lag. A second page that lacks the ids as well settles it.</summary>
    private void Doubt(Symbol symbol, IdRange range)
    {
        if (IsDoubted(symbol, range))
        {
            _doubted[symbol].Remove(range);
            RecordHole(symbol, range);
            return;
        }

        if (!_doubted.TryGetValue(symbol, out var ids)) _doubted.Add(symbol, ids = new IdRangeSet());
        ids.Add(range);
        Retry(symbol, range);
    }

    private bool IsDoubted(Symbol symbol, IdRange range)
    {
        if (!_doubted.TryGetValue(symbol, out var ids)) return false;
        foreach (var doubted in ids.Ranges)
        {
            if (doubted.From <= range.From && doubted.To >= range.To) return true;
        }

        return false;
    }

    private void Retry(Symbol symbol, IdRange range, TimeSpan? retryAfter = null)
    {
        if (!_backoffs.TryGetValue(symbol, out var backoff)) _backoffs.Add(symbol, backoff = new Backoff(_backoff, clock));
        var delay = backoff.Next(retryAfter);
        lock (_gate)
        {
            if (!_queue.TryAdd(symbol, range, delay)) Defer();
            _queue.Postpone(symbol, delay);
        }
    }

    private void RecordHole(Symbol symbol, IdRange range)
    {
        tracker.Settle(symbol, range);
        _metrics.HoleIds.Add(range.Count);
        logger.ExchangeHoleFound(range, symbol);
        _events.OnNext(new ExchangeHole(Timestamp.Now(clock), symbol, range));
    }

    /// <summary>A page is no dearer for being old; the gap that it is a part of is.</summary>
    private void GiveUpRest(Symbol symbol, IdRangeSet page)
    {
        IReadOnlyList<IdRange> rest;
        lock (_gate) rest = _queue.TakeAdjacent(symbol, new IdRange(page.Min, page.Max));
        var reason = $"its trades are older than {options.MaxAge.TotalDays:0.#} days (Exchange:Backfill:MaxAge)";
        foreach (var range in rest) GiveUp(symbol, range, reason);
    }

    private void GiveUp(Symbol symbol, IdRange range, string reason)
    {
        lock (_gate)
        {
            if (!_excluded.TryGetValue(symbol, out var ids)) _excluded.Add(symbol, ids = new IdRangeSet());

            // Found again by a rescan.
            if (ids.Ranges.ToArray().Any(known => known.From <= range.From && known.To >= range.To)) return;
            ids.Add(range);
            _unpublished.Enqueue(new OutOfReach(Timestamp.Now(clock), symbol, range, reason));
            if (_signal.CurrentCount == 0) _signal.Release();
        }
    }

    private void Enqueue(Symbol symbol, IdRange range, TimeSpan delay)
    {
        if (range.Count > options.MaxTrades)
        {
            GiveUp(symbol, range, $"it is larger than {options.MaxTrades} trades (Exchange:Backfill:MaxTrades)");
            return;
        }

        lock (_gate)
        {
            var wanted = IdRangeSet.Of(range);
            if (_excluded.TryGetValue(symbol, out var excluded))
            {
                foreach (var useless in excluded.Ranges) wanted.Remove(useless);
            }

            foreach (var part in wanted.Ranges)
            {
                if (!_queue.TryAdd(symbol, part, delay)) Defer();
            }

            if (_signal.CurrentCount == 0) _signal.Release();
        }
    }

    private void Defer()
    {
        _metrics.Deferred.Increment();
        _overflowed = true;
    }
}
