using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>Why a change about an attribute did not take effect.</summary>
public enum ConflictRule
{
    /// <summary>Another source speaks of the same instant and has the higher priority.</summary>
    Priority = 1,

    /// <summary>The same source says two things of the same instant with the same sequence; the greater hash wins.</summary>
    Tie = 2,

    /// <summary>The source does not own the attribute.</summary>
    Ownership = 3,
}

/// <summary>A change that lost, and the one that won; both stay in the log of changes.</summary>
/// <param name="Winner">Null where no source with authority asserted the attribute at that instant.</param>
public sealed record ChangeConflict(
    SymbolAttribute Attribute, Timestamp ValidTime, ConflictRule Rule, SymbolChange Loser, SymbolChange? Winner)
{
    /// <summary>
    /// The conflicts within a set of changes of one symbol, in their total order. A later correction by the same source (a higher
    /// sequence) is none.
    /// </summary>
    public static IReadOnlyList<ChangeConflict> Find(IReadOnlyList<SymbolChange> ordered, AttributeOwnership ownership)
    {
        ArgumentNullException.ThrowIfNull(ordered);
        ArgumentNullException.ThrowIfNull(ownership);
        List<ChangeConflict>? conflicts = null;
        for (var from = 0; from < ordered.Count;)
        {
            var to = from + 1;
            while (to < ordered.Count && ordered[to].ValidTime == ordered[from].ValidTime) to++;

            // Alone at its instant and within its rights: the usual case.
            if (to > from + 1 || ordered[from].Attributes.Keys.Any(attribute => !ownership.Allows(ordered[from].Source, attribute)))
            {
                Find(ordered, from, to, ownership, conflicts ??= []);
            }

            from = to;
        }

        return conflicts ?? (IReadOnlyList<ChangeConflict>)[];
    }

    /// <summary>Adds the conflicts of one instant: the changes from <paramref name="from"/> up to <paramref name="to"/>.</summary>
    private static void Find(
        IReadOnlyList<SymbolChange> ordered, int from, int to, AttributeOwnership ownership, List<ChangeConflict> conflicts)
    {
        foreach (var attribute in SymbolAttributes.All)
        {
            var winner = WinnerOf(ordered, from, to, attribute, ownership);
            for (var i = to - 1; i >= from; i--)
            {
                var change = ordered[i];
                if (ReferenceEquals(change, winner) || !change.States(attribute)) continue;
                if (RuleAgainst(change, winner, attribute, ownership) is not { } rule) continue;
                conflicts.Add(new ChangeConflict(attribute, change.ValidTime, rule, change, winner));
            }
        }
    }

    /// <summary>Why a change lost, or null where it says the same, is a guess, or was corrected by its own source.</summary>
    private static ConflictRule? RuleAgainst(
        SymbolChange change, SymbolChange? winner, SymbolAttribute attribute, AttributeOwnership ownership)
    {
        if (!ownership.Allows(change.Source, attribute)) return ConflictRule.Ownership;
        if (change.Source == ChangeSource.Inferred || change.Attributes[attribute] == winner!.Attributes[attribute]) return null;
        if (change.Source != winner.Source) return ConflictRule.Priority;
        return change.Sequence == winner.Sequence ? ConflictRule.Tie : null;
    }

    private static SymbolChange? WinnerOf(
        IReadOnlyList<SymbolChange> ordered, int from, int to, SymbolAttribute attribute, AttributeOwnership ownership)
    {
        for (var i = to - 1; i >= from; i--)
        {
            if (ordered[i].States(attribute) && ownership.Allows(ordered[i].Source, attribute)) return ordered[i];
        }

        return null;
    }
}
