using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;

namespace Crypto.TradeModel.Trades;

/// <summary>What a trade says besides its symbol and id: the fields that every copy of it has, whichever way it came.</summary>
public readonly record struct TradeContent(Price Price, Quantity Quantity, Timestamp TradeTime, AggressorSide Aggressor)
{
    public static TradeContent Of(in Trade trade) => new(trade.Price, trade.Quantity, trade.TradeTime, trade.Aggressor);

    /// <summary>
    /// Whether both are copies of one trade. Some sources give times in milliseconds: a time of whole milliseconds agrees with every time
    /// within its millisecond.
    /// </summary>
    public bool AgreesWith(in TradeContent other) =>
        Price == other.Price && Quantity == other.Quantity && Aggressor == other.Aggressor
            && Agree(TradeTime.Microseconds, other.TradeTime.Microseconds);

    private static bool Agree(long left, long right) =>
        left == right || ((left % 1000 == 0 || right % 1000 == 0) && left / 1000 == right / 1000);
}
