using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The whole bi-temporal history of one symbol as a pure function of the set of changes known about it: what was believed at
/// recorded time R is the fold of the changes recorded by R. So any order of arrival, any batching and any repetition give the
/// same rows.
/// <para>
/// Changes are added in order of recorded time, all of one instant together; each addition folds again only from the earliest
/// place it touches, so that a history that arrives in order costs constant time per change.
/// </para>
/// </summary>
public sealed class SymbolHistory
{
    private readonly AttributeOwnership _ownership;

    // Parallel: the changes in their total order, and what holds after each.
    private readonly List<SymbolChange> _changes = [];
    private readonly List<State> _states = [];

    private readonly List<RecordedVersion> _current = [];
    private readonly List<RecordedVersion> _superseded = [];
    private Timestamp _firstDescribed = new(long.MaxValue);

    private SymbolHistory(AttributeOwnership ownership) => _ownership = ownership;

    /// <summary>The changes, each once, in their total order.</summary>
    public IReadOnlyList<SymbolChange> Changes => _changes;

    /// <summary>Current knowledge, in order of valid time: the versions that cover all of time.</summary>
    public IReadOnlyList<RecordedVersion> Current => _current;

    /// <summary>What was believed once, in the order it was given up.</summary>
    public IReadOnlyList<RecordedVersion> Superseded => _superseded;

    /// <summary>Current knowledge without its recorded times.</summary>
    public IReadOnlyList<SymbolVersion> Versions => [.. _current.Select(row => row.Version)];

    /// <param name="changes">
    /// Changes of one natural key, in any order, repeats allowed; of a repeated one the earliest recorded time counts.
    /// </param>
    /// <param name="ownership">Which source may state which attribute.</param>
    public static SymbolHistory Of(IEnumerable<SymbolChange> changes, AttributeOwnership ownership)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var history = new SymbolHistory(ownership);
        var distinct = new Dictionary<string, SymbolChange>(StringComparer.Ordinal);
        foreach (var change in changes)
        {
            var isEarliest = !distinct.TryGetValue(change.Hash, out var known) || change.RecordedTime < known.RecordedTime;
            if (isEarliest) distinct[change.Hash] = change;
        }

        var byRecordedTime = distinct.Values.GroupBy(change => change.RecordedTime).OrderBy(group => group.Key);
        foreach (var recorded in byRecordedTime) history.Add(recorded.Key, recorded);
        return history;
    }

    public IReadOnlyList<ChangeConflict> Conflicts() => ChangeConflict.Find(_changes, _ownership);

    private void Add(Timestamp recorded, IEnumerable<SymbolChange> changes)
    {
        var added = changes.Order(SymbolChange.Order).ToList();
        var touched = Merge(added);
        var described = added.Find(change => change.Source != ChangeSource.Inferred)?.ValidTime;
        if (described < _firstDescribed)
        {
            // The first description moves, and with it the end of the time that the first version takes in.
            _firstDescribed = described.Value;
            touched = 0;
        }

        FoldFrom(touched);
        BelieveFrom(EffectiveTime(_changes[touched]), touched, recorded);
    }

    /// <summary>Merges changes into those known; both are in order.</summary>
    /// <returns>Where the first of them stands.</returns>
    private int Merge(List<SymbolChange> added)
    {
        var touched = ~_changes.BinarySearch(added[0], SymbolChange.Order);
        var later = _changes.GetRange(touched, _changes.Count - touched);
        _changes.RemoveRange(touched, later.Count);
        var next = 0;
        foreach (var change in added)
        {
            while (next < later.Count && SymbolChange.Order.Compare(later[next], change) < 0) _changes.Add(later[next++]);
            _changes.Add(change);
        }

        _changes.AddRange(later.Skip(next));
        CollectionsMarshal.SetCount(_states, _changes.Count);
        return touched;
    }

    /// <summary>
    /// What the first description says is taken to have held from the beginning: nothing contradicts it, and early trades need a
    /// version.
    /// </summary>
    private Timestamp EffectiveTime(SymbolChange change) =>
        change.Source == ChangeSource.Inferred || change.ValidTime <= _firstDescribed || change.ValidTime <= Timestamp.Epoch
            ? Timestamp.Epoch
            : change.ValidTime;

    private void FoldFrom(int index)
    {
        var state = index == 0 ? State.Nothing : _states[index - 1];
        for (; index < _changes.Count; index++)
        {
            state = state.After(_changes[index], _ownership);
            _states[index] = state;
        }
    }

    /// <summary>Replaces the believed versions from an instant on by those the states give now.</summary>
    private void BelieveFrom(Timestamp from, int index, Timestamp recorded)
    {
        // The version before the instant may change its end, or take in what follows if that became equal to it.
        var keep = _current.Count;
        while (keep > 0 && _current[keep - 1].Version.ValidTo >= from) keep--;
        while (index > 0 && (keep == 0 || EffectiveTime(_changes[index - 1]) >= _current[keep - 1].Version.ValidTo)) index--;

        var versions = VersionsFrom(keep == 0 ? null : _current[keep - 1].Version, index);
        var before = _current.GetRange(keep, _current.Count - keep);
        _current.RemoveRange(keep, _current.Count - keep);

        // Both lists are in order of valid from; a version that stays as it is stays believed since when it was.
        var next = 0;
        foreach (var version in versions)
        {
            while (next < before.Count && before[next].Version.ValidFrom < version.ValidFrom) Supersede(before[next++], recorded);
            if (next < before.Count && before[next].Version.Equals(version))
            {
                _current.Add(before[next++]);
                continue;
            }

            if (next < before.Count && before[next].Version.ValidFrom == version.ValidFrom) Supersede(before[next++], recorded);
            _current.Add(new RecordedVersion(version, recorded, Timestamp.EndOfTime));
        }

        while (next < before.Count) Supersede(before[next++], recorded);
    }

    private void Supersede(RecordedVersion row, Timestamp recorded) => _superseded.Add(row with { RecordedTo = recorded });

    private List<SymbolVersion> VersionsFrom(SymbolVersion? previous, int index)
    {
        var versions = new List<SymbolVersion>();
        while (index < _changes.Count)
        {
            // Changes of one instant make one version: the last of them says how it looks.
            var validFrom = EffectiveTime(_changes[index]);

            // This one and all that follow never come to hold.
            if (validFrom >= Timestamp.EndOfTime) break;
            while (index + 1 < _changes.Count && EffectiveTime(_changes[index + 1]) == validFrom) index++;
            var state = _states[index++];
            var last = versions.Count > 0 ? versions[^1] : previous;
            if (last is not null && state.LooksLike(last)) continue;
            if (versions.Count > 0) versions[^1] = versions[^1] with { ValidTo = validFrom };
            versions.Add(state.ToVersion(_changes[0].Key, validFrom));
        }

        return versions;
    }

    /// <summary>What holds after a change.</summary>
    /// <param name="DeletedBy">A bit per source whose last word was that the symbol is gone.</param>
    private readonly record struct State(ImmutableSortedDictionary<SymbolAttribute, string?> Attributes, int DeletedBy, bool IsInferred)
    {
        public static State Nothing { get; } = new(ImmutableSortedDictionary<SymbolAttribute, string?>.Empty, 0, true);

        public State After(SymbolChange change, AttributeOwnership ownership)
        {
            // An inferred value yields to any source.
            if (change.Source == ChangeSource.Inferred && !IsInferred) return this;
            var isInferred = IsInferred && change.Source == ChangeSource.Inferred;

            // Only who said that it is gone can say that it is back: a new risk level does not list a symbol again.
            var source = 1 << (int)change.Source;
            if (change.Operation == ChangeOperation.Delete) return new State(Attributes, DeletedBy | source, isInferred);
            var attributes = Attributes;
            foreach (var (attribute, value) in change.Attributes)
            {
                if (ownership.Allows(change.Source, attribute)) attributes = attributes.SetItem(attribute, value);
            }

            return new State(attributes, DeletedBy & ~source, isInferred);
        }

        public bool LooksLike(SymbolVersion version) => version.LooksLike(DeletedBy != 0, IsInferred, Attributes);

        public SymbolVersion ToVersion(NaturalKey key, Timestamp validFrom) =>
            new(key, validFrom, Timestamp.EndOfTime, DeletedBy != 0, IsInferred, Attributes);
    }
}
