using System.Reactive.Subjects;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// A missing id shows when a later one comes. Of a symbol that goes silent after a loss no later one does, so of those that stand
/// still the exchange is asked what follows the last id: soon after a connection came up, when a loss is likely, else from time to time.
/// What it answers is published as batches, to be merged into the pipeline before continuity is tracked.
/// </summary>
internal sealed class TailCheck(
    ITradeHistory history,
    ContinuityTracker tracker,
    Func<CancellationToken, Task> waitForRoom,
    TailCheckOptions options,
    BackfillMetrics metrics,
    TimeProvider clock,
    ILogger logger) : IDisposable
{
    private readonly Dictionary<Symbol, Mark> _marks = new(ReferenceEqualityComparer.Instance);
    private readonly Subject<StreamEvent> _events = new();
    private long _suspectedAt = clock.GetTimestamp();
    private volatile HashSet<Symbol>? _followed;

    /// <summary>Batches with source Backfill. Completes when <see cref="RunAsync"/> ends.</summary>
    public IObservable<StreamEvent> Events => _events;

    /// <summary>A connection came up: what was lost before it may be the last of a symbol. Never waits.</summary>
    public void Suspect() => Interlocked.Exchange(ref _suspectedAt, clock.GetTimestamp());

    /// <summary>Asks about these symbols only; before the first call, about all.</summary>
    public void Follow(IEnumerable<Symbol> symbols) => _followed = new HashSet<Symbol>(symbols, ReferenceEqualityComparer.Instance);

    /// <summary>Looks at intervals until stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var lookedAt = clock.GetTimestamp();
                await Task.Delay(options.Interval, clock, cancellationToken);
                foreach (var (symbol, last) in tracker.Latest())
                {
                    if (_followed is { } followed && !followed.Contains(symbol))
                    {
                        // Once it is captured again, what it traded meanwhile is asked for at the next look.
                        _marks[symbol] = new Mark(last, long.MinValue);
                        continue;
                    }

                    // A symbol that moved showed what it lacked, at some time after the look before.
                    if (!_marks.TryGetValue(symbol, out var mark) || mark.Last != last) _marks[symbol] = mark = new Mark(last, lookedAt);
                    if (!IsDue(mark)) continue;
                    await waitForRoom(cancellationToken);
                    await CheckAsync(symbol, last, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _events.OnCompleted();
        }
    }

    public void Dispose() => _events.Dispose();

    private bool IsDue(Mark mark)
    {
        var suspectedAt = Volatile.Read(ref _suspectedAt);
        return suspectedAt >= mark.CompleteAt
            ? clock.GetElapsedTime(suspectedAt) >= options.AfterConnect
            : clock.GetElapsedTime(mark.CompleteAt) >= options.Recheck;
    }

    private async Task CheckAsync(Symbol symbol, long last, CancellationToken cancellationToken)
    {
        var askedAt = clock.GetTimestamp();
        try
        {
            while (true)
            {
                metrics.Requests.Increment();
                var answer = await history.ReadTradesAsync(symbol, last + 1, history.MaxTrades, cancellationToken);
                var count = answer.Count;
                if (count == 0)
                {
                    answer.Dispose();
                    break;
                }

                var newest = answer.Trades[^1].TradeId;
                var isOld = newest <= last;
                last = Math.Max(last, newest);
                metrics.Fetched.Add(count);
                _events.OnNext(answer);

                // A page that does not go on behind the last one would come again and again.
                if (isOld || count < history.MaxTrades) break;
                await waitForRoom(cancellationToken);
            }

            _marks[symbol] = new Mark(last, askedAt);
        }
        catch (ExchangeException failure)
        {
            // Asked again at the next look that finds the symbol where it was.
            metrics.Failures.Increment();
            logger.TailCheckFailed(symbol, last, failure.Message);
        }
    }

    /// <param name="Last">A symbol's highest id.</param>
    /// <param name="CompleteAt">When there was surely nothing after it.</param>
    private readonly record struct Mark(long Last, long CompleteAt);
}
