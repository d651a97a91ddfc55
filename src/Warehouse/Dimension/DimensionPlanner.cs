namespace Crypto.Warehouse.Dimension;

/// <summary>What a set of new changes does to the dimension rows of one symbol.</summary>
/// <param name="Key">The symbol.</param>
/// <param name="Added">The changes that were not known, or are known now to have been recorded earlier.</param>
/// <param name="Operations">Rows to write, in an order in which each can be applied.</param>
/// <param name="Rebindings">Facts to bind anew.</param>
/// <param name="History">The history with the new changes.</param>
public sealed record DimensionPlan(
    NaturalKey Key,
    IReadOnlyList<SymbolChange> Added,
    IReadOnlyList<DimensionOperation> Operations,
    IReadOnlyList<Rebinding> Rebindings,
    SymbolHistory History);

/// <summary>
/// Plans how the stored rows of a symbol become those that the grown set of changes gives. Pure: known changes, new changes and
/// ownership in, operations out.
/// </summary>
public static class DimensionPlanner
{
    /// <param name="known">All changes of the symbol that are stored, in any order.</param>
    /// <param name="news">Changes of the same symbol, in any order; those known already count for nothing.</param>
    public static DimensionPlan Plan(
        IReadOnlyCollection<SymbolChange> known, IReadOnlyCollection<SymbolChange> news, AttributeOwnership ownership)
    {
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(news);
        if (news.Count == 0) throw new ArgumentException("There is nothing to plan without a change.", nameof(news));
        var added = Added(known, news);
        var before = SymbolHistory.Of(known, ownership);
        var key = news.First().Key;
        if (added.Count == 0) return new DimensionPlan(key, [], [], [], before);
        var after = SymbolHistory.Of(known.Concat(added), ownership);
        return new DimensionPlan(key, added, Operations(before, after), Rebinding.Between(before.Versions, after.Versions), after);
    }

    private static List<SymbolChange> Added(IReadOnlyCollection<SymbolChange> known, IReadOnlyCollection<SymbolChange> news)
    {
        var recorded = known.GroupBy(change => change.Hash, StringComparer.Ordinal).ToDictionary(
            group => group.Key, group => group.Min(change => change.RecordedTime), StringComparer.Ordinal);
        var added = new List<SymbolChange>();
        foreach (var change in news.OrderBy(change => change.RecordedTime))
        {
            if (recorded.TryGetValue(change.Hash, out var since) && since <= change.RecordedTime) continue;
            recorded[change.Hash] = change.RecordedTime;
            added.Add(change);
        }

        return added;
    }

    /// <summary>
    /// What is superseded goes before what is believed instead, so that at no step two rows of one key are believed at once.
    /// </summary>
    private static List<DimensionOperation> Operations(SymbolHistory before, SymbolHistory after)
    {
        var stored = before.Superseded.Concat(before.Current).ToDictionary(row => (row.Version.ValidFrom, row.RecordedFrom));
        var removed = new List<RecordedVersion>();
        var ended = new List<RecordedVersion>();
        var reopened = new List<RecordedVersion>();
        var fresh = new List<RecordedVersion>();
        foreach (var row in after.Superseded.Concat(after.Current))
        {
            // The valid start stands for the surrogate key, which is computed from it.
            if (!stored.Remove((row.Version.ValidFrom, row.RecordedFrom), out var old))
            {
                fresh.Add(row);
            }
            else if (!old.Version.Equals(row.Version))
            {
                removed.Add(old);
                fresh.Add(row);
            }
            else if (old.RecordedTo != row.RecordedTo)
            {
                (row.IsCurrent ? reopened : ended).Add(row);
            }
        }

        removed.AddRange(stored.Values);
        var current = before.Current.ToDictionary(row => row.Version.ValidFrom);
        return
        [
            .. removed.Select(row => new DimensionOperation(OperationKind.Remove, row)),
            .. ended.Concat(reopened).Select(row => new DimensionOperation(OperationKind.Supersede, row)),
            .. fresh.Select(row => new DimensionOperation(
                KindOf(row.Version, current.GetValueOrDefault(row.Version.ValidFrom)?.Version), row)),
        ];
    }

    private static OperationKind KindOf(SymbolVersion version, SymbolVersion? before)
    {
        if (before is null) return OperationKind.Insert;
        if (before.IsInferred && !version.IsInferred) return OperationKind.Complete;
        return before.LooksLike(version.IsDeleted, version.IsInferred, version.Attributes) ? OperationKind.Close : OperationKind.Correct;
    }
}
