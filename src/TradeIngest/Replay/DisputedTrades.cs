using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Replay;

/// <summary>
/// Takes out of batches of a file the trades whose id has passed and which are not, or not yet, stored as they are: those the continuity
/// tracking would drop as duplicates, and the warehouse is to judge.
/// </summary>
/// <param name="warehouse">What is stored; null where it cannot be asked, and nothing is taken out.</param>
internal sealed class DisputedTrades(IWarehouse? warehouse, ContinuityTracker tracker, ReplayMode mode)
{
    /// <summary>Trades so far whose id is stored with another content.</summary>
    public long Count { get; private set; }

    /// <returns>What was taken out; the caller's to dispose. Null when nothing was.</returns>
    public async Task<TradeBatch?> TakeAsync(TradeBatch batch, CancellationToken cancellationToken)
    {
        if (warehouse is null) return null;
        var known = Known(batch);
        if (known.Length == 0) return null;
        var stored = await warehouse.ContentsAsync(known, cancellationToken);
        var disputed = TradeBatch.Rent(known.Length);
        var kept = 0;
        foreach (ref readonly var trade in batch.Trades)
        {
            var isKnown = tracker.HasPassed(trade.Symbol, trade.TradeId);
            var hasContent = stored.TryGetValue(TradeKey.Of(in trade), out var content);
            var agrees = hasContent && content.AgreesWith(TradeContent.Of(in trade));
            if (!isKnown || (agrees && !mode.Settles(in trade)))
            {
                batch.Trades[kept++] = trade;
                continue;
            }

            // One that passed while the warehouse was asked is a duplicate like any other.
            if (disputed.IsFull)
            {
                batch.Trades[kept++] = trade;
                continue;
            }

            if (hasContent && !agrees) Count++;
            disputed.Add(trade with { Source = mode.IsCorrecting ? IngestSource.Correction : trade.Source });
        }

        batch.Truncate(kept);
        if (disputed.Count > 0) return disputed;
        disputed.Dispose();
        return null;
    }

    private Trade[] Known(TradeBatch batch)
    {
        var known = new List<Trade>();
        foreach (ref readonly var trade in batch.Trades)
        {
            if (tracker.HasPassed(trade.Symbol, trade.TradeId)) known.Add(trade);
        }

        return [.. known];
    }
}
