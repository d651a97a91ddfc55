using System.Collections.Frozen;
using Crypto.TradeModel.Numbers;

namespace Crypto.Warehouse.Loading;

/// <summary>A trade's amount in US dollars: price × quantity where the quote asset is pegged to the dollar.</summary>
/// <param name="peggedAssets">Quote assets counted as dollars.</param>
public sealed class UsdAmount(IEnumerable<string> peggedAssets)
{
    /// <summary>Stablecoins the exchange quotes in, and the dollar itself.</summary>
    public static IReadOnlyList<string> DefaultPeggedAssets { get; } =
        ["USD", "USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "USD1", "DAI"];

    private readonly FrozenSet<string> _pegged = peggedAssets.ToFrozenSet(StringComparer.Ordinal);

    public bool IsPegged(string? quoteAsset) => quoteAsset is not null && _pegged.Contains(quoteAsset);

    /// <summary>The amount, or null with the flag that says why.</summary>
    public static Amount? Of(Price price, Quantity quantity, bool isPegged, out QualityFlags flags)
    {
        if (!isPegged)
        {
            flags = QualityFlags.NoUsdRate;
            return null;
        }

        if (!Amount.TryMultiply(price, quantity, out var amount))
        {
            flags = QualityFlags.AmountOutOfRange;
            return null;
        }

        flags = QualityFlags.None;
        return amount;
    }
}
