using Crypto.TradeModel.Continuity;

namespace Crypto.TradeIngest.Contracts;

/// <summary>
/// What of one symbol stands in the log: all ids from the first to before the next one, but for those missing. Once true it stays
/// so, regardless of the writer, since a log only grows; so several of them may be joined, and an old one is merely less.
/// </summary>
/// <param name="Ticker">Which symbol.</param>
/// <param name="From">Where its capture began. Equal to <paramref name="Next"/> as long as nothing stands there.</param>
/// <param name="Next">One past the highest id.</param>
/// <param name="Missing">Sorted, disjoint, within the two.</param>
internal sealed record CaptureState(string Ticker, long From, long Next, IReadOnlyList<IdRange> Missing)
{
    /// <summary>Most ranges listed: beyond, all later ids count as missing, which costs fetching them again.</summary>
    public const int MaxMissing = 10_000;

    public static CaptureState Of(string ticker, long from, IdRangeSet ids)
    {
        var missing = new List<IdRange>();
        var next = from;
        foreach (var range in ids.Ranges)
        {
            if (range.To < next) continue;
            if (range.From > next)
            {
                if (missing.Count == MaxMissing) break;
                missing.Add(new IdRange(next, range.From - 1));
            }

            next = range.To + 1;
        }

        return new CaptureState(ticker, from, next, missing);
    }

    /// <summary>Adds the ids that stand in the log.</summary>
    public void AddTo(IdRangeSet ids)
    {
        var next = From;
        foreach (var gap in Missing)
        {
            if (gap.From > next) ids.Add(new IdRange(next, gap.From - 1));
            next = gap.To + 1;
        }

        if (next < Next) ids.Add(new IdRange(next, Next - 1));
    }
}
