using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>
/// What came of one symbol, by id: three disjoint sets, see <see cref="CoverageState"/>. Every id between the lowest and the highest that
/// came is stored, rejected or missing. Not thread-safe.
/// </summary>
public sealed class CapturedIds
{
    private readonly IdRangeSet _stored;
    private readonly IdRangeSet _rejected;
    private readonly IdRangeSet _quarantined;

    public CapturedIds() : this(new IdRangeSet(), new IdRangeSet(), new IdRangeSet())
    {
    }

    private CapturedIds(IdRangeSet stored, IdRangeSet rejected, IdRangeSet quarantined) =>
        (_stored, _rejected, _quarantined) = (stored, rejected, quarantined);

    public bool IsEmpty => _stored.IsEmpty && _rejected.IsEmpty && _quarantined.IsEmpty;

    /// <summary>The lowest id that came. Meaningless when nothing did.</summary>
    public long Lowest => Math.Min(LowestOf(_stored), Math.Min(LowestOf(_rejected), LowestOf(_quarantined)));

    /// <summary>The highest id that came; -1 when nothing did.</summary>
    public long Highest => Math.Max(_stored.Max, Math.Max(_rejected.Max, _quarantined.Max));

    public static CapturedIds Of(IEnumerable<CoverageRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        var captured = new CapturedIds();
        foreach (var range in ranges) captured.Restore(range);
        return captured;
    }

    public CapturedIds Clone() => new(_stored.Clone(), _rejected.Clone(), _quarantined.Clone());

    /// <summary>The ids of one state; to be read only.</summary>
    public IdRangeSet this[CoverageState state] => state switch
    {
        CoverageState.Stored => _stored,
        CoverageState.Rejected => _rejected,
        CoverageState.Quarantined => _quarantined,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    /// <summary>Adds a range as a table has it, disjoint from those added before.</summary>
    public void Restore(CoverageRange range) => this[range.State].Add(range.Ids);

    /// <summary>A valid copy came.</summary>
    /// <returns>False when the id is stored already.</returns>
    public bool Store(long id)
    {
        if (!_stored.Add(id)) return false;
        Take(_rejected, id);
        Take(_quarantined, id);
        return true;
    }

    /// <summary>A copy came that is no valid trade.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="isConclusive">Whether no better copy is to be expected.</param>
    /// <returns>False when this says nothing new of the id.</returns>
    public bool Reject(long id, bool isConclusive)
    {
        if (_stored.Contains(id) || _rejected.Contains(id)) return false;
        if (!isConclusive) return _quarantined.Add(id);
        Take(_quarantined, id);
        return _rejected.Add(id);
    }

    /// <summary>The ids that need not be asked for: stored or rejected. A copy, or the stored ones themselves; to be read only.</summary>
    public IdRangeSet Settled()
    {
        if (_rejected.IsEmpty) return _stored;
        var settled = _stored.Clone();
        foreach (var range in _rejected.Ranges) settled.Add(range);
        return settled;
    }

    /// <summary>What is missing from the lowest id that came to the highest, in order: the holes, and what is quarantined.</summary>
    public IReadOnlyList<IdRange> Missing()
    {
        var settled = Settled();
        if (_quarantined.IsEmpty) return settled.Holes();
        var missing = IdRangeSet.Of(new IdRange(Lowest, Highest));
        foreach (var range in settled.Ranges) missing.Remove(range);
        return missing.Ranges.ToArray();
    }

    /// <summary>All ranges in order of their first id.</summary>
    public IReadOnlyList<CoverageRange> Ranges()
    {
        var ranges = new List<CoverageRange>(_stored.Ranges.Length + _rejected.Ranges.Length + _quarantined.Ranges.Length);
        Add(CoverageState.Stored);
        Add(CoverageState.Rejected);
        Add(CoverageState.Quarantined);
        if (ranges.Count > _stored.Ranges.Length) ranges.Sort(static (left, right) => left.Ids.From.CompareTo(right.Ids.From));
        return ranges;

        void Add(CoverageState state)
        {
            foreach (var range in this[state].Ranges) ranges.Add(new CoverageRange(range, state));
        }
    }

    public override string ToString() => string.Join(
        ", ", Ranges().Select(range => range.State == CoverageState.Stored ? $"{range.Ids}" : $"{range.Ids} {range.State.Name()}"));

    private static long LowestOf(IdRangeSet ids) => ids.IsEmpty ? long.MaxValue : ids.Min;

    private static void Take(IdRangeSet ids, long id)
    {
        if (!ids.IsEmpty) ids.Remove(new IdRange(id, id));
    }
}
