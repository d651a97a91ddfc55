namespace Crypto.TradeModel.Trades;

/// <summary>
/// The side that took liquidity. Derived from the exchange's flag "buyer is the market maker": when the buyer was the maker,
/// the seller was the aggressor. Stored as these numbers.
/// </summary>
public enum AggressorSide : byte
{
    Buy = 1,
    Sell = 2,
}
