using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>Questions to any tape.</summary>
internal static class TradeTapes
{
    /// <summary>The first trade, history included, that happened at or after a time.</summary>
    /// <returns><paramref name="end"/> when none before that one did.</returns>
    public static long FirstHappened(this ITradeTape tape, int ordinal, Timestamp time, long end)
    {
        var low = 0L;
        var high = end;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            tape.Read(ordinal, middle, out var trade);
            if (trade.TradeTime < time) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}

/// <summary>
/// The trades an exchange is going to have, per listing (by ordinal) and index <c>k</c>: computed or recorded. Immutable,
/// thread-safe: the feed and REST read it at the same time.
/// </summary>
internal interface ITradeTape
{
    IReadOnlyList<Listing> Listings { get; }

    /// <summary>The market's time when this run starts.</summary>
    Timestamp Start { get; }

    /// <summary>When a listing is listed; the run's start for most.</summary>
    Timestamp ListedAt(int ordinal);

    /// <summary>The first trade of this run; earlier ones, down to 0, are history.</summary>
    long First(int ordinal);

    /// <summary>One past the last trade; <see cref="long.MaxValue"/> when there is always another.</summary>
    long End(int ordinal);

    void Read(int ordinal, long k, out SimulatedTrade trade);

    /// <summary>The first trade, history included, whose id is at least <paramref name="tradeId"/>; may be <see cref="End"/>.</summary>
    long FirstAtOrAfter(int ordinal, long tradeId);

    /// <summary>The first trade of this run that happens at or after <paramref name="time"/>; may be <see cref="End"/>.</summary>
    long FirstAtOrAfter(int ordinal, Timestamp time);
}
