using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// Where each symbol stops when a run has a total number of trades: in order of time, so the split is the same for any pace.
/// </summary>
internal static class TapeLimit
{
    // Microseconds: an hour.
    private const long Margin = 3_600_000_000;

    /// <returns>Per ordinal, one past its last trade. Fewer trades in all only when the tape has no more.</returns>
    public static long[] Split(ITradeTape tape, long? total)
    {
        var ends = new long[tape.Listings.Count];
        for (var i = 0; i < ends.Length; i++) ends[i] = tape.End(i);
        if (total is not { } limit) return ends;
        if (!ends.Contains(long.MaxValue) && ends.Select((end, i) => end - tape.First(i)).Sum() <= limit) return ends;

        // The last instant up to which no more than the limit happened. A recorded trade may lie a little ahead of its event.
        var low = tape.Start.Microseconds - Margin;
        var high = low + Margin;
        while (Count(tape, new Timestamp(high)) <= limit) high = low + ((high - low) * 2);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (Count(tape, new Timestamp(middle)) <= limit) low = middle;
            else high = middle;
        }

        // What is left falls in that one microsecond; listings take it in their order.
        var rest = limit - Count(tape, new Timestamp(low));
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = tape.FirstAtOrAfter(i, new Timestamp(low));
            var more = Math.Min(rest, tape.FirstAtOrAfter(i, new Timestamp(high)) - ends[i]);
            ends[i] += more;
            rest -= more;
        }

        return ends;
    }

    private static long Count(ITradeTape tape, Timestamp before)
    {
        var count = 0L;
        for (var i = 0; i < tape.Listings.Count; i++) count += tape.FirstAtOrAfter(i, before) - tape.First(i);
        return count;
    }
}
