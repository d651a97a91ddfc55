using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// Missing ranges waiting to be fetched, merged per symbol. In turns: the due symbol whose missing ids times their age is largest, from
/// its lowest id on, and the smallest newest range of any due symbol, which a gap of millions would otherwise hold back. Not thread-safe.
/// </summary>
internal sealed class GapQueue(int capacity, TimeProvider clock)
{
    private readonly Dictionary<Symbol, Entry> _entries = new(ReferenceEqualityComparer.Instance);
    private bool _isFreshTurn = true;

    /// <summary>Ranges waiting.</summary>
    public int Count { get; private set; }

    /// <returns>False when the queue is full.</returns>
    public bool TryAdd(Symbol symbol, IdRange range, TimeSpan delay)
    {
        if (Count >= capacity) return false;
        var now = clock.GetTimestamp();
        if (!_entries.TryGetValue(symbol, out var entry)) _entries.Add(symbol, entry = new Entry(now));

        // A later due time of newer ranges holds the older ones back by no more than that delay, once.
        if (entry.Ids.IsEmpty) entry.Due = now + Ticks(delay);
        Count -= entry.Ids.Ranges.Length;
        entry.Ids.Add(range);
        Count += entry.Ids.Ranges.Length;
        return true;
    }

    /// <summary>Takes what one page of a symbol's history can hold.</summary>
    /// <param name="window">Ids of a page, from the first one missing on.</param>
    public bool TryTake(long window, out Symbol symbol, out IReadOnlyList<IdRange> ranges)
    {
        _isFreshTurn = !_isFreshTurn;
        var now = clock.GetTimestamp();
        Symbol? best = null;
        var bestScore = double.NegativeInfinity;
        foreach (var (candidate, entry) in _entries)
        {
            if (entry.Due > now) continue;
            var score = _isFreshTurn
                ? -entry.Ids.Ranges[^1].Count
                : entry.Ids.Count * (1 + clock.GetElapsedTime(entry.Since, now).TotalSeconds);
            if (score <= bestScore) continue;
            best = candidate;
            bestScore = score;
        }

        symbol = best!;
        ranges = [];
        if (best is null) return false;

        var ids = _entries[best].Ids;
        ranges = Page(ids, _isFreshTurn ? Math.Min(ids.Ranges[^1].From, ids.Max - window + 1) : ids.Min, window);
        Count -= ids.Ranges.Length;
        foreach (var range in ranges) ids.Remove(range);
        Count += ids.Ranges.Length;
        if (ids.IsEmpty) _entries.Remove(best);
        return true;
    }

    /// <summary>Takes out what waits right before and right behind some ids, and those themselves.</summary>
    public IReadOnlyList<IdRange> TakeAdjacent(Symbol symbol, IdRange page)
    {
        if (!_entries.TryGetValue(symbol, out var entry)) return [];
        var ids = entry.Ids;
        var touching = ids.Ranges.ToArray().Where(range => range.To >= page.From - 1 && range.From <= page.To + 1).ToList();
        foreach (var range in touching) ids.Remove(range);
        Count -= touching.Count;
        if (ids.IsEmpty) _entries.Remove(symbol);
        var beside = IdRangeSet.Of([.. touching]);
        beside.Remove(page);
        return beside.Ranges.ToArray();
    }

    /// <summary>Puts a symbol off, as after a failure.</summary>
    public void Postpone(Symbol symbol, TimeSpan delay)
    {
        if (_entries.TryGetValue(symbol, out var entry)) entry.Due = Math.Max(entry.Due, clock.GetTimestamp() + Ticks(delay));
    }

    /// <summary>Time until something is due, in the whole milliseconds that timers count; null when the queue is empty.</summary>
    public TimeSpan? UntilDue()
    {
        if (_entries.Count == 0) return null;
        var due = long.MaxValue;
        foreach (var entry in _entries.Values) due = Math.Min(due, entry.Due);
        var now = clock.GetTimestamp();
        return due <= now ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(clock.GetElapsedTime(now, due).TotalMilliseconds));
    }

    private static List<IdRange> Page(IdRangeSet ids, long from, long window)
    {
        var page = new List<IdRange>();
        foreach (var range in ids.Ranges)
        {
            if (range.From >= from + window) break;
            if (range.From >= from) page.Add(range with { To = Math.Min(range.To, from + window - 1) });
        }

        return page;
    }

    private long Ticks(TimeSpan delay) => (long)Math.Ceiling(delay.TotalSeconds * clock.TimestampFrequency);

    private sealed class Entry(long since)
    {
        public IdRangeSet Ids { get; } = new();

        public long Since { get; } = since;

        public long Due { get; set; }
    }
}
