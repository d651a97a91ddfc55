using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// The klines of a listing, from its trades. Minutes that are over are kept, so that a day costs no more than its 1,440 minutes. Memory
/// grows by some 140 bytes per minute with trades. Thread-safe.
/// </summary>
internal sealed class KlineHistory(ITradeTape tape, int ordinal)
{
    private static readonly KlineInterval Minutes = KlineInterval.Find("1m")!;

    private readonly Lock _folding = new();
    private readonly List<Kline> _minutes = [];
    private long _folded;

    /// <summary>The kline that opens at a time.</summary>
    /// <param name="produced">One past the last trade to count.</param>
    public Kline Read(KlineInterval interval, Timestamp open, TimeSpan zone, long produced)
    {
        var next = interval.NextOf(open, zone);
        var from = tape.FirstHappened(ordinal, open, produced);
        var kline = Kline.Empty(open, next, PriceBefore(from));
        lock (_folding)
        {
            if (interval.Microseconds is 0 or >= KlineInterval.Minute)
            {
                Fold(produced);
                for (var i = FirstMinute(open); i < _minutes.Count && _minutes[i].Open < next; i++) kline.Add(_minutes[i]);
                from = Math.Max(from, _folded);
            }
        }

        Add(ref kline, from, tape.FirstHappened(ordinal, next, produced));
        return kline;
    }

    /// <summary>When the first and the last trade happened. Null before there is one.</summary>
    public (Timestamp First, Timestamp Last)? Span(long produced)
    {
        if (produced == 0) return null;
        tape.Read(ordinal, 0, out var first);
        tape.Read(ordinal, produced - 1, out var last);
        return (first.TradeTime, last.TradeTime);
    }

    private void Fold(long produced)
    {
        if (produced <= _folded) return;
        tape.Read(ordinal, produced - 1, out var last);
        var open = Minutes.OpenOf(last.TradeTime, TimeSpan.Zero);
        var end = tape.FirstHappened(ordinal, open, produced);
        while (_folded < end)
        {
            tape.Read(ordinal, _folded, out var trade);
            open = Minutes.OpenOf(trade.TradeTime, TimeSpan.Zero);
            var minute = new Kline(open, Minutes.NextOf(open, TimeSpan.Zero));

            // Recorded times may step back by a little: such a trade counts with the one before it.
            var to = Math.Max(_folded + 1, tape.FirstHappened(ordinal, minute.Next, end));
            var isNew = _minutes.Count == 0 || _minutes[^1].Open < open;
            if (!isNew) minute = _minutes[^1];
            Add(ref minute, _folded, to);
            if (isNew) _minutes.Add(minute);
            else _minutes[^1] = minute;
            _folded = to;
        }
    }

    private void Add(ref Kline kline, long from, long to)
    {
        for (; from < to; from++)
        {
            tape.Read(ordinal, from, out var trade);
            kline.Add(trade);
        }
    }

    private int FirstMinute(Timestamp open)
    {
        var (low, high) = (0, _minutes.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_minutes[middle].Open < open) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private Price PriceBefore(long k)
    {
        if (k == 0) return default;
        tape.Read(ordinal, k - 1, out var trade);
        return trade.Price;
    }
}
