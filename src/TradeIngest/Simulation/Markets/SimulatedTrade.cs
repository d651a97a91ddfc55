using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>A trade as the exchange itself knows it: before any client received it.</summary>
internal readonly record struct SimulatedTrade(
    long TradeId,
    Price Price,
    Quantity Quantity,
    Timestamp EventTime,
    Timestamp TradeTime,
    AggressorSide Aggressor)
{
    /// <summary>The exchange's flag <c>m</c>.</summary>
    public bool BuyerIsMaker => Aggressor == AggressorSide.Sell;
}
