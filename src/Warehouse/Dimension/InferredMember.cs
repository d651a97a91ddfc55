using System.Collections.Immutable;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The change that registers a symbol seen in a trade before any source described it. Base and quote asset are read off the
/// ticker where its ending is a known quote asset; the first real description completes the same version, with the same key.
/// </summary>
public static class InferredMember
{
    // Invariant: none ends another, so the order does not matter.
    private static readonly string[] QuoteAssets =
    [
        "FDUSD", "USDT", "USDC", "TUSD", "BUSD", "USDP", "USD1", "BIDR", "IDRT", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY",
        "GBP", "AUD", "ARS", "COP", "CZK", "MXN", "PLN", "RON", "UAH", "ZAR", "DAI", "XRP", "TRX", "SOL", "DOGE", "DOT", "PAX",
        "RUB", "NGN", "VAI",
    ];

    public static SymbolChange Change(NaturalKey key, Timestamp recorded)
    {
        var attributes = ImmutableSortedDictionary<SymbolAttribute, string?>.Empty;
        foreach (var quote in QuoteAssets)
        {
            if (key.Ticker.Length <= quote.Length || !key.Ticker.EndsWith(quote, StringComparison.Ordinal)) continue;
            attributes = attributes.Add(SymbolAttribute.BaseAsset, key.Ticker[..^quote.Length]).Add(SymbolAttribute.QuoteAsset, quote);
            break;
        }

        return new SymbolChange(ChangeSource.Inferred, 0, key, ChangeOperation.Upsert, Timestamp.Epoch, recorded, attributes);
    }
}
