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

    private static List<DimensionOperation> Operations(SymbolHistory before, SymbolHistory after)
    {
        var stored = before.Superseded.Concat(before.Believed).ToDictionary(row => (row.Version.ValidFrom, row.RecordedFrom));
        var fresh = new List<RecordedVersion>();
        var operations = new List<DimensionOperation>();
        foreach (var row in after.Superseded.Concat(after.Believed))
        {
            // The valid start stands for the surrogate key, which is computed from it.
            if (stored.Remove((row.Version.ValidFrom, row.RecordedFrom), out var old) && old.Version.Equals(row.Version))
            {
                if (old.RecordedTo != row.RecordedTo) operations.Add(new DimensionOperation(OperationKind.Supersede, row));
            }
            else
            {
                if (old is not null) operations.Add(new DimensionOperation(OperationKind.Remove, old));
                fresh.Add(row);
            }
        }

        foreach (var row in stored.Values) operations.Add(new DimensionOperation(OperationKind.Remove, row));

        var believed = before.Believed.ToDictionary(row => row.Version.ValidFrom);
        foreach (var row in fresh)
        {
            operations.Add(new DimensionOperation(KindOf(row.Version, believed.GetValueOrDefault(row.Version.ValidFrom)?.Version), row));
        }

        return operations;
    }

    private static OperationKind KindOf(SymbolVersion version, SymbolVersion? before)
    {
        if (before is null) return OperationKind.Insert;
        if (before.IsInferred && !version.IsInferred) return OperationKind.Complete;
        return before.LooksLike(version.IsDeleted, version.IsInferred, version.Attributes) ? OperationKind.Close : OperationKind.Correct;
    }
}
