namespace Crypto.Warehouse.Coverage;

/// <summary>Derives the ledger of gaps from coverage: a gap is a run of ids missing between captured ones, nothing else.</summary>
public static class GapLedger
{
    /// <summary>The changes of the ledger when coverage changes.</summary>
    public static IReadOnlyList<GapChange> Changes(CapturedIds before, CapturedIds after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);

        // The holes that the exchange was found to have just now are gaps that end.
        var ended = after[CoverageState.ExchangeHole].Clone();
        foreach (var known in before[CoverageState.ExchangeHole].Ranges) ended.Remove(known);
        var gaps = new List<Gap>(after.Gaps());
        foreach (var hole in ended.Ranges) gaps.Add(new Gap(hole, GapState.ExchangeHole));
        if (!ended.IsEmpty) gaps.Sort(static (left, right) => left.Ids.From.CompareTo(right.Ids.From));
        return Changes(before.Gaps(), gaps);
    }

    /// <summary>
    /// The changes that turn one list of gaps into another, both in order: each old gap is unchanged, filled, changed, split or, where ids
    /// count as missing again, joined with the one before it; and each other gap is new.
    /// </summary>
    private static List<GapChange> Changes(IReadOnlyList<Gap> before, List<Gap> after)
    {
        var changes = new List<GapChange>();
        var next = 0;
        foreach (var gap in before)
        {
            while (next < after.Count && after[next].Ids.To < gap.Ids.From) changes.Add(new GapChange(null, after[next++]));

            // One that reaches in from the left is the gap before it, by now.
            var isJoined = next > 0 && after[next - 1].Ids.To >= gap.Ids.From;
            var pieces = 0;
            for (; next < after.Count && after[next].Ids.From <= gap.Ids.To; next++, pieces++)
            {
                var piece = after[next];
                if (pieces > 0) changes.Add(new GapChange(null, piece, gap.Ids));
                else if (piece != gap) changes.Add(new GapChange(gap, piece));
            }

            if (pieces == 0) changes.Add(new GapChange(gap, isJoined ? null : gap with { State = GapState.Filled }));
        }

        while (next < after.Count) changes.Add(new GapChange(null, after[next++]));
        return changes;
    }
}
