using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>
/// What is known of one symbol, by id: a set for each <see cref="CoverageState"/>, disjoint. Every id between the lowest and the highest
/// known is in one of them or missing. Not thread-safe.
/// </summary>
public sealed class CapturedIds
{
    private static readonly CoverageState[] States = Enum.GetValues<CoverageState>();

    private readonly IdRangeSet[] _ids;

    public CapturedIds() : this([.. States.Select(_ => new IdRangeSet())])
    {
    }

    private CapturedIds(IdRangeSet[] ids) => _ids = ids;

    public bool IsEmpty => Array.TrueForAll(_ids, ids => ids.IsEmpty);

    /// <summary>The lowest id known. Meaningless when there is none.</summary>
    public long Lowest => _ids.Min(ids => ids.IsEmpty ? long.MaxValue : ids.Min);

    /// <summary>The highest id known; -1 when there is none.</summary>
    public long Highest => _ids.Max(ids => ids.Max);

    private IdRangeSet Stored => _ids[(int)CoverageState.Stored];

    private IdRangeSet Rejected => _ids[(int)CoverageState.Rejected];

    private IdRangeSet Quarantined => _ids[(int)CoverageState.Quarantined];

    public static CapturedIds Of(IEnumerable<CoverageRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        var captured = new CapturedIds();
        foreach (var range in ranges) captured.Restore(range);
        return captured;
    }

    public CapturedIds Clone() => new(Array.ConvertAll(_ids, ids => ids.Clone()));

    /// <summary>The ids of one state; to be read only.</summary>
    public IdRangeSet this[CoverageState state] => _ids[(int)state];

    /// <summary>Adds a range as a table has it, disjoint from those added before.</summary>
    public void Restore(CoverageRange range) => this[range.State].Add(range.Ids);

    /// <summary>A valid copy came.</summary>
    /// <returns>False when the id is stored already.</returns>
    public bool Store(long id)
    {
        if (!Stored.Add(id)) return false;
        TakeFromOthers(id, CoverageState.Stored);
        return true;
    }

    /// <summary>A copy came that is no valid trade.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="isConclusive">Whether no better copy is to be expected.</param>
    /// <returns>False when this says nothing new of the id.</returns>
    public bool Reject(long id, bool isConclusive)
    {
        if (Stored.Contains(id) || Rejected.Contains(id)) return false;
        var state = isConclusive ? CoverageState.Rejected : CoverageState.Quarantined;
        if (!this[state].Add(id)) return false;
        TakeFromOthers(id, state);
        return true;
    }

    /// <summary>Takes down what was found out of ids that are not here; those of which more is known keep their state.</summary>
    /// <param name="range">The ids.</param>
    /// <param name="state"><see cref="CoverageState.ExchangeHole"/> or <see cref="CoverageState.OutOfReach"/>.</param>
    public void Decide(IdRange range, CoverageState state)
    {
        var decided = IdRangeSet.Of(range);
        TakeOut(decided, Stored);
        TakeOut(decided, Rejected);
        if (state == CoverageState.OutOfReach)
        {
            TakeOut(decided, Quarantined);
            TakeOut(decided, this[CoverageState.ExchangeHole]);
        }

        foreach (var ids in decided.Ranges)
        {
            this[state].Add(ids);
            foreach (var other in States)
            {
                if (other != state && !this[other].IsEmpty) this[other].Remove(ids);
            }
        }
    }

    /// <summary>
    /// The ids that need not be asked for: stored, rejected, or not even the exchange's. A copy, or the stored ones themselves; to be read
    /// only.
    /// </summary>
    public IdRangeSet Settled()
    {
        var holes = this[CoverageState.ExchangeHole];
        if (Rejected.IsEmpty && holes.IsEmpty) return Stored;
        var settled = Stored.Clone();
        foreach (var range in Rejected.Ranges) settled.Add(range);
        foreach (var range in holes.Ranges) settled.Add(range);
        return settled;
    }

    /// <summary>What is missing from the lowest id known to the highest, in order; adjacent where the state differs.</summary>
    public IReadOnlyList<Gap> Gaps()
    {
        var settled = Settled();
        var unreached = this[CoverageState.OutOfReach];
        if (Quarantined.IsEmpty && unreached.IsEmpty) return [.. settled.Holes().Select(hole => new Gap(hole, GapState.Open))];
        var open = IdRangeSet.Of(new IdRange(Lowest, Highest));
        TakeOut(open, settled);
        TakeOut(open, unreached);
        var gaps = new List<Gap>(open.Ranges.Length + unreached.Ranges.Length);
        foreach (var ids in open.Ranges) gaps.Add(new Gap(ids, GapState.Open));
        foreach (var ids in unreached.Ranges) gaps.Add(new Gap(ids, GapState.OutOfReach));
        gaps.Sort(static (left, right) => left.Ids.From.CompareTo(right.Ids.From));
        return gaps;
    }

    /// <summary>All ranges in order of their first id.</summary>
    public IReadOnlyList<CoverageRange> Ranges()
    {
        var ranges = new List<CoverageRange>(_ids.Sum(ids => ids.Ranges.Length));
        foreach (var state in States)
        {
            foreach (var range in this[state].Ranges) ranges.Add(new CoverageRange(range, state));
        }

        if (ranges.Count > Stored.Ranges.Length) ranges.Sort(static (left, right) => left.Ids.From.CompareTo(right.Ids.From));
        return ranges;
    }

    public override string ToString() => string.Join(
        ", ", Ranges().Select(range => range.State == CoverageState.Stored ? $"{range.Ids}" : $"{range.Ids} {range.State.Name()}"));

    private static void TakeOut(IdRangeSet ids, IdRangeSet others)
    {
        foreach (var range in others.Ranges) ids.Remove(range);
    }

    // By index: called for each trade stored.
    private void TakeFromOthers(long id, CoverageState state)
    {
        for (var i = 0; i < _ids.Length; i++)
        {
            if (i != (int)state && !_ids[i].IsEmpty) _ids[i].Remove(new IdRange(id, id));
        }
    }
}
