using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>Derives the ledger of gaps from coverage: a gap is a run of ids missing between captured ones, nothing else.</summary>
public static class GapLedger
{
    /// <summary>
    /// The changes that turn one list of gaps into another, both in order. What is settled stays settled, so between two gaps there is
    /// always an id that neither takes in: each old gap is unchanged, closed, moved at its ends or split, and each other gap is new.
    /// </summary>
    public static IReadOnlyList<GapChange> Changes(IReadOnlyList<IdRange> before, IReadOnlyList<IdRange> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var changes = new List<GapChange>();
        var next = 0;
        foreach (var gap in before)
        {
            while (next < after.Count && after[next].To < gap.From) changes.Add(new GapChange(null, after[next++]));

            var pieces = 0;
            for (; next < after.Count && after[next].From <= gap.To; next++, pieces++)
            {
                var piece = after[next];
                if (pieces > 0) changes.Add(new GapChange(null, piece, gap));
                else if (piece != gap) changes.Add(new GapChange(gap, piece));
            }

            if (pieces == 0) changes.Add(new GapChange(gap, null));
        }

        while (next < after.Count) changes.Add(new GapChange(null, after[next++]));
        return changes;
    }
}
