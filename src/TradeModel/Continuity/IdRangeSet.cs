using System.Runtime.InteropServices;

namespace Crypto.TradeModel.Continuity;

/// <summary>
/// A set of ids kept as sorted, disjoint, non-adjacent closed ranges: what was captured of one symbol, and, as the holes between
/// the ranges, what was not. Memory follows the number of holes, not of ids. Ids lie in 0 to <see cref="long.MaxValue"/> - 1.
/// Not thread-safe: one writer owns it.
/// </summary>
public sealed class IdRangeSet
{
    // Invariant: sorted by From; ranges[i].To + 1 < ranges[i + 1].From.
    private readonly List<IdRange> _ranges;

    public IdRangeSet() => _ranges = [];

    private IdRangeSet(List<IdRange> ranges) => _ranges = ranges;

    public ReadOnlySpan<IdRange> Ranges => CollectionsMarshal.AsSpan(_ranges);

    public bool IsEmpty => _ranges.Count == 0;

    /// <summary>Smallest id. Meaningless on an empty set.</summary>
    public long Min => _ranges[0].From;

    /// <summary>Largest id, or -1 when the set is empty.</summary>
    public long Max => _ranges.Count == 0 ? -1 : _ranges[^1].To;

    /// <summary>Ids in the set.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (var range in Ranges) count += range.Count;
            return count;
        }
    }

    public static IdRangeSet Of(params ReadOnlySpan<IdRange> ranges)
    {
        var set = new IdRangeSet();
        foreach (var range in ranges) set.Add(range);
        return set;
    }

    public IdRangeSet Clone() => new([.. _ranges]);

    public bool Contains(long id)
    {
        var i = LastStartingAtOrBefore(id);
        return i >= 0 && _ranges[i].To >= id;
    }

    /// <summary>The largest id below another; null when there is none.</summary>
    public long? LastBefore(long id)
    {
        var i = LastStartingAtOrBefore(id - 1);
        return i < 0 ? null : Math.Min(_ranges[i].To, id - 1);
    }

    /// <summary>The smallest id above another; null when there is none.</summary>
    public long? FirstAfter(long id)
    {
        var i = LastStartingAtOrBefore(id + 1);
        if (i >= 0 && _ranges[i].To > id) return id + 1;
        return i + 1 < _ranges.Count ? _ranges[i + 1].From : null;
    }

    /// <summary>Adds one id; constant time for the usual next id.</summary>
    /// <returns>False when it was there already.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or <see cref="long.MaxValue"/>.</exception>
    public bool Add(long id)
    {
        var last = _ranges.Count - 1;
        if (last >= 0)
        {
            ref var tail = ref CollectionsMarshal.AsSpan(_ranges)[last];
            if (id == tail.To + 1 && id < long.MaxValue)
            {
                tail = new IdRange(tail.From, id);
                return true;
            }

            if (id >= tail.From && id <= tail.To) return false;
        }

        if (Contains(id)) return false;
        Add(new IdRange(id, id));
        return true;
    }

    /// <summary>Adds a range, merging what it overlaps or touches.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is empty, or an end is negative or <see cref="long.MaxValue"/>.</exception>
    public void Add(IdRange range)
    {
        if (range.From < 0 || range.To == long.MaxValue) throw new ArgumentOutOfRangeException(nameof(range), range, "No such ids.");
        ThrowIfReversed(range);

        // First range that touches or overlaps, then one past the last that does.
        var first = LastStartingAtOrBefore(range.From);
        if (first < 0 || _ranges[first].To + 1 < range.From) first++;
        var end = first;
        while (end < _ranges.Count && _ranges[end].From <= range.To + 1) end++;

        if (end > first)
        {
            range = new IdRange(Math.Min(range.From, _ranges[first].From), Math.Max(range.To, _ranges[end - 1].To));
            _ranges[first] = range;
            _ranges.RemoveRange(first + 1, end - first - 1);
        }
        else
        {
            _ranges.Insert(first, range);
        }
    }

    /// <summary>Takes a range out again, as when captured trades had to be shed.</summary>
    public void Remove(IdRange range)
    {
        ThrowIfReversed(range);
        for (var i = Math.Max(0, LastStartingAtOrBefore(range.From)); i < _ranges.Count && _ranges[i].From <= range.To;)
        {
            var current = _ranges[i];
            if (current.To < range.From)
            {
                i++;
                continue;
            }

            _ranges.RemoveAt(i);
            if (current.From < range.From) _ranges.Insert(i++, new IdRange(current.From, range.From - 1));
            if (current.To > range.To) _ranges.Insert(i++, new IdRange(range.To + 1, current.To));
        }
    }

    /// <summary>The ranges missing between <see cref="Min"/> and <see cref="Max"/>, in order.</summary>
    public IReadOnlyList<IdRange> Holes()
    {
        var holes = new List<IdRange>(Math.Max(0, _ranges.Count - 1));
        for (var i = 1; i < _ranges.Count; i++) holes.Add(new IdRange(_ranges[i - 1].To + 1, _ranges[i].From - 1));
        return holes;
    }

    public override string ToString() => string.Join(", ", _ranges);

    private static void ThrowIfReversed(IdRange range)
    {
        if (range.From > range.To) throw new ArgumentOutOfRangeException(nameof(range), range, "A range runs from its smaller id up.");
    }

    private int LastStartingAtOrBefore(long id)
    {
        var low = 0;
        var high = _ranges.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_ranges[middle].From <= id) low = middle + 1;
            else high = middle - 1;
        }

        return high;
    }
}
