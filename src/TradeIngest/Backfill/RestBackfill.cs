using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Backfill;

/// <summary>
/// Fetches ranges of ids by REST, a page at a time, passing over what is there. Ids that two pages lack, of which the second begins at
/// another id, are the exchange's to explain: they are counted, and not asked for again.
/// </summary>
internal sealed class RestBackfill(
    ITradeHistory history, IBackfillTarget target, RequestAttempts attempts, BackfillProgress progress, BackfillMetrics metrics,
    TimeProvider clock)
{
    private long _wanted;
    private long _done;

    /// <summary>Says how much there is to do before it begins, where several ranges are.</summary>
    public void Expect(long ids) => _wanted = ids;

    /// <exception cref="ExchangeException">For good.</exception>
    public async Task FetchAsync(Symbol symbol, IdRange range, CancellationToken cancellationToken)
    {
        progress.Update(report => report with { Step = symbol.Ticker });
        var lacking = await PageAsync(symbol, range, isConfirming: false, cancellationToken);
        var absent = new IdRangeSet();
        foreach (var doubted in lacking.Ids.Ranges.ToArray())
        {
            var confirmed = await PageAsync(symbol, doubted, isConfirming: true, cancellationToken);
            foreach (var hole in confirmed.Ids.Ranges) absent.Add(hole);

            // Only what the history goes on behind is a hole; the rest may be ids that are still to come.
            foreach (var hole in confirmed.Holes) await ReportHoleAsync(symbol, hole, cancellationToken);
        }

        progress.Update(report => report with { Absent = report.Absent + absent.Count });
        Count(absent.Count, trades: 0);
    }

    private async Task ReportHoleAsync(Symbol symbol, IdRange hole, CancellationToken cancellationToken)
    {
        metrics.HoleIds.Add(hole.Count);
        target.Tracker.Settle(symbol, hole);
        await target.PushAsync(new ExchangeHole(Timestamp.Now(clock), symbol, hole), cancellationToken);
    }

    /// <returns>The ids that the answers lack, and those of them behind which the history goes on.</returns>
    private async Task<(IdRangeSet Ids, List<IdRange> Holes)> PageAsync(
        Symbol symbol, IdRange range, bool isConfirming, CancellationToken cancellationToken)
    {
        var (lacking, holes) = (new IdRangeSet(), new List<IdRange>());
        for (var next = range.From; target.Tracker.Missing(symbol, range with { From = next }) is [var first, ..];)
        {
            var from = isConfirming && first.From > 0 ? first.From - 1 : first.From;

            // One more than is wanted: to learn whether the history reaches past it.
            var limit = (int)Math.Min(history.MaxTrades, range.To - from + 2);
            var page = await attempts.RunAsync(token => history.ReadTradesAsync(symbol, from, limit, token), cancellationToken);
            var (last, isCut) = (page.Count > 0 ? page.Trades[^1].TradeId : -1, page.Count >= limit);
            var end = Math.Min(range.To, last);
            if (end >= first.From)
            {
                foreach (var hole in Lacking(symbol, first with { To = end }, page))
                {
                    lacking.Add(hole);
                    holes.Add(hole);
                }
            }

            await PublishAsync(symbol, new IdRange(first.From, Math.Max(first.From, end)), page, cancellationToken);
            next = Math.Max(first.From, end + 1);
            if (isCut && last >= first.From && next <= range.To) continue;
            if (next <= range.To)
            {
                foreach (var rest in target.Tracker.Missing(symbol, range with { From = next })) lacking.Add(rest);
            }

            break;
        }

        return (lacking, holes);
    }

    private IdRange[] Lacking(Symbol symbol, IdRange range, TradeBatch page)
    {
        var lacking = IdRangeSet.Of([.. target.Tracker.Missing(symbol, range)]);
        foreach (ref readonly var trade in page.Trades)
        {
            if (range.Contains(trade.TradeId)) lacking.Remove(new IdRange(trade.TradeId, trade.TradeId));
        }

        return lacking.Ranges.ToArray();
    }

    private async Task PublishAsync(Symbol symbol, IdRange range, TradeBatch page, CancellationToken cancellationToken)
    {
        var kept = Keep(symbol, range, page);
        if (kept == 0)
        {
            page.Dispose();
            return;
        }

        await target.PushAsync(page, cancellationToken);
        metrics.Fetched.Add(kept);
        Count(kept, kept);
    }

    private int Keep(Symbol symbol, IdRange range, TradeBatch page)
    {
        var missing = IdRangeSet.Of([.. target.Tracker.Missing(symbol, range)]);
        var kept = 0;
        foreach (ref readonly var trade in page.Trades)
        {
            if (missing.Contains(trade.TradeId)) page.Trades[kept++] = trade;
        }

        page.Truncate(kept);
        return kept;
    }

    private void Count(long done, long trades)
    {
        _done += done;
        progress.Update(report => report with
        {
            Trades = report.Trades + trades,
            Fraction = _wanted == 0 ? 1 : Math.Min(1, (double)_done / _wanted),
        });
    }
}
