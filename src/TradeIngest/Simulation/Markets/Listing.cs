using System.Text.Json.Serialization;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>An instrument the simulated exchange lists.</summary>
/// <param name="Ticker">Upper case, such as <c>BTCUSDT</c>; may hold non-ASCII letters.</param>
/// <param name="BaseAsset">What is bought and sold.</param>
/// <param name="QuoteAsset">What it is paid with.</param>
/// <param name="TickSize">Prices are multiples of it.</param>
/// <param name="StepSize">Quantities are multiples of it.</param>
/// <param name="MinNotional">Smallest price × quantity of an order.</param>
/// <param name="BasePrice">The price the path moves around, within 8 %.</param>
/// <param name="Weight">Its share of all trades, relative to the other listings.</param>
internal sealed record Listing(
    string Ticker,
    string BaseAsset,
    string QuoteAsset,
    Price TickSize,
    Quantity StepSize,
    Amount MinNotional,
    Price BasePrice,
    long Weight)
{
    /// <summary><see cref="BasePrice"/> in ticks.</summary>
    [JsonIgnore]
    public long BaseTicks => BasePrice.Scaled / TickSize.Scaled;
}
