using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>Derives the ledger of gaps from coverage: a gap is a hole between two captured ranges, nothing else.</summary>
public static class GapLedger
{
    /// <summary>
    /// The changes that turn the holes of <paramref name="before"/> into those of <paramref name="after"/>. Coverage only grows,
    /// so each old gap is unchanged, closed, narrowed or split, and each other gap lies outside what was covered before.
    /// </summary>
    public static IReadOnlyList<GapChange> Changes(IdRangeSet before, IdRangeSet after)
    {
        var changes = new List<GapChange>();
        var old = before.Holes();
        var current = after.Holes();
        var next = 0;
        foreach (var gap in old)
        {
            while (next < current.Count && current[next].To < gap.From) changes.Add(new GapChange(null, current[next++]));

            var pieces = 0;
            for (; next < current.Count && current[next].To <= gap.To; next++, pieces++)
            {
                var piece = current[next];
                if (pieces > 0) changes.Add(new GapChange(null, piece, gap));
                else if (piece != gap) changes.Add(new GapChange(gap, piece));
            }

            if (pieces == 0) changes.Add(new GapChange(gap, null));
        }

        while (next < current.Count) changes.Add(new GapChange(null, current[next++]));
        return changes;
    }
}
