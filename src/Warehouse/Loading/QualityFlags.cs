namespace Crypto.Warehouse.Loading;

/// <summary>
/// What an analyst should know of a fact that is otherwise good. Stored as these numbers in <c>FACT_TRADES.quality_flags</c>.
/// </summary>
[Flags]
public enum QualityFlags
{
    None = 0,

    /// <summary>The quote asset is not pegged to the dollar and no rate was known: <c>total_amount_usd</c> is null.</summary>
    NoUsdRate = 1,

    /// <summary>
    /// Price × quantity does not fit in 64 bits at eight decimals (92 billion dollars): <c>total_amount_usd</c> is null.
    /// </summary>
    AmountOutOfRange = 2,
}
