using System.Collections.Immutable;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The history of one symbol as a pure function of the set of changes known about it: any order of arrival, any batching and any
/// repetition give the same versions.
/// </summary>
public static class DimensionFold
{
    /// <summary>
    /// Sorts the changes by <see cref="SymbolChange.Order"/> and carries attributes forward in valid time. Changes of the same
    /// instant make one version; a change that alters nothing makes none. The first version starts at the epoch, so that
    /// every trade finds one.
    /// </summary>
    /// <param name="changes">All changes of one natural key, in any order, repeats allowed; at least one.</param>
    public static IReadOnlyList<SymbolVersion> Fold(IEnumerable<SymbolChange> changes)
    {
        var ordered = new SortedSet<SymbolChange>(changes, SymbolChange.Order);
        if (ordered.Count == 0) throw new ArgumentException("A history needs at least one change.", nameof(changes));

        // What the first description says is taken to have held from the beginning: nothing is known to contradict it, and early
        // trades need a version. Inferred members are completed by it in place.
        var firstDescribed = ordered.FirstOrDefault(change => change.Source != ChangeSource.Inferred)?.ValidTime ?? Timestamp.Epoch;

        var states = new List<SymbolVersion>();
        var attributes = ImmutableSortedDictionary<SymbolAttribute, string?>.Empty;
        var isInferred = true;
        foreach (var change in ordered)
        {
            var validFrom = change.ValidTime <= firstDescribed || change.ValidTime < Timestamp.Epoch ? Timestamp.Epoch : change.ValidTime;

            // This one and all that follow never come to hold.
            if (validFrom >= Timestamp.EndOfTime) break;
            if (change.Operation == ChangeOperation.Upsert) attributes = attributes.SetItems(change.Attributes);
            isInferred &= change.Source == ChangeSource.Inferred;
            var state = new SymbolVersion(
                change.Key, validFrom, Timestamp.EndOfTime, change.Operation == ChangeOperation.Delete, isInferred, attributes);
            if (states.Count > 0 && states[^1].ValidFrom == validFrom) states[^1] = state;
            else states.Add(state);
        }

        return Close(Coalesce(states));
    }

    private static List<SymbolVersion> Coalesce(List<SymbolVersion> states)
    {
        var kept = new List<SymbolVersion>(states.Count);
        foreach (var state in states)
        {
            if (kept.Count == 0 || kept[^1].ChangeHash != state.ChangeHash) kept.Add(state);
        }

        return kept;
    }

    private static List<SymbolVersion> Close(List<SymbolVersion> versions)
    {
        for (var i = 0; i + 1 < versions.Count; i++) versions[i] = versions[i] with { ValidTo = versions[i + 1].ValidFrom };
        return versions;
    }
}
