using System.Runtime.CompilerServices;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Quality;

/// <summary>
/// Whether a trade is believed: a pure function of the trade, so that every stage and every replay gives the same verdict.
/// </summary>
public static class TradeQuality
{
    /// <summary>The largest trade id: 40 bits, which is what a <c>fact_id</c> leaves for it (1.1e12; the busiest is at 7e9).</summary>
    public const long MaxTradeId = (1L << 40) - 1;

    /// <summary>2017-07-01: before the exchange opened.</summary>
    public static readonly Timestamp Earliest = Timestamp.FromMilliseconds(1_498_867_200_000);

    /// <summary>A trade may be dated this much after it was received: clocks differ, days do not.</summary>
    public static readonly TimeSpan FutureTolerance = TimeSpan.FromDays(1);

    /// <summary>The first rule the trade breaks, or <see cref="ErrorReason.None"/>.</summary>
    public static ErrorReason Check(in Trade trade)
    {
        // First: a trade whose id is out of range has no place in coverage.
        if (trade.TradeId is < 0 or > MaxTradeId) return ErrorReason.TradeIdOutOfRange;
        if (trade.Price.Scaled <= 0) return ErrorReason.PriceNotPositive;
        if (trade.Quantity.Scaled <= 0) return ErrorReason.QuantityNotPositive;
        if (!IsPlausible(trade.TradeTime, trade.ReceivedTime) || !IsPlausible(trade.EventTime, trade.ReceivedTime))
        {
            return ErrorReason.TimeOutOfRange;
        }

        return ErrorReason.None;
    }

    /// <summary>Whether this copy of a trade settles its id: it is valid, or no better one is to be expected.</summary>
    public static bool Settles(in Trade trade) =>
        Check(in trade) is var reason && (reason == ErrorReason.None || reason.IsConclusive(trade.Source));

    // The tolerance is taken off the later time: added to the earlier one, or as a difference, it could wrap around.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlausible(Timestamp time, Timestamp received) =>
        time >= Earliest && time.Microseconds - (FutureTolerance.Ticks / TimeSpan.TicksPerMicrosecond) <= received.Microseconds;
}
