using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeModel.Trades;

/// <summary>
/// One executed spot trade, normalized. A value of 64 bytes without allocations of its own; it lives in pooled arrays.
/// It may be of bad quality (see <see cref="Quality.TradeQuality"/>): what it *is* and whether it is *believed* are two questions.
/// </summary>
/// <param name="Symbol">The instrument.</param>
/// <param name="TradeId">The exchange's id, contiguous per symbol.</param>
/// <param name="Price">Price per unit of the base asset, in the quote asset.</param>
/// <param name="Quantity">Units of the base asset.</param>
/// <param name="EventTime">When the exchange sent it; equal to <paramref name="TradeTime"/> where the source does not tell.</param>
/// <param name="TradeTime">When the exchange matched it.</param>
/// <param name="ReceivedTime">When it reached this process.</param>
/// <param name="Aggressor">The side that took liquidity.</param>
/// <param name="Source">How it reached us.</param>
public readonly record struct Trade(
    Symbol Symbol,
    long TradeId,
    Price Price,
    Quantity Quantity,
    Timestamp EventTime,
    Timestamp TradeTime,
    Timestamp ReceivedTime,
    AggressorSide Aggressor,
    IngestSource Source);
