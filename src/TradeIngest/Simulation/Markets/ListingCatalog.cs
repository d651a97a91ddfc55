using System.Text;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// The instruments the simulated exchange knows: well-known spot pairs with the tick and step sizes of the real ones, and any
/// other <c>&lt;BASE&gt;&lt;QUOTE&gt;</c> over a known quote asset, made up as a pure function of its name.
/// </summary>
internal static class ListingCatalog
{
    // Those the simulated exchange lists, not all that exist. Invariant: none ends another, so the order does not matter.
    private static readonly string[] QuoteAssets = ["FDUSD", "USDT", "USDC", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY"];

    private static readonly Listing[] Known =
    [
        Of("BTC", "USDT", "0.01", "0.00001", "5", "84106", 400),
        Of("ETH", "USDT", "0.01", "0.0001", "5", "2688", 300),
        Of("BNB", "USDT", "0.01", "0.001", "5", "851", 80),
        Of("SOL", "USDT", "0.01", "0.001", "5", "142", 150),
        Of("XRP", "USDT", "0.0001", "0.1", "5", "2.214", 120),
        Of("DOGE", "USDT", "0.00001", "1", "1", "0.1523", 90),
        Of("ADA", "USDT", "0.0001", "0.1", "5", "0.4512", 40),
        Of("TRX", "USDT", "0.0001", "0.1", "5", "0.2841", 30),
        Of("AVAX", "USDT", "0.01", "0.01", "5", "14.32", 25),
        Of("LINK", "USDT", "0.01", "0.01", "5", "13.47", 30),
        Of("LTC", "USDT", "0.01", "0.001", "5", "84.2", 25),
        Of("DOT", "USDT", "0.001", "0.01", "5", "2.451", 15),
        Of("SUI", "USDT", "0.0001", "0.1", "5", "1.632", 40),
        Of("NEAR", "USDT", "0.001", "0.1", "5", "1.872", 15),
        Of("ATOM", "USDT", "0.001", "0.01", "5", "2.513", 10),
        Of("UNI", "USDT", "0.001", "0.01", "5", "6.143", 12),
        Of("SHIB", "USDT", "0.00000001", "1", "1", "0.00000845", 25),
        Of("PEPE", "USDT", "0.00000001", "1", "1", "0.00000452", 60),
        Of("币安人生", "USDT", "0.0001", "0.1", "5", "0.1534", 20),
        Of("BTC", "FDUSD", "0.01", "0.00001", "5", "84098", 200),
        Of("ETH", "FDUSD", "0.01", "0.0001", "5", "2687", 90),
        Of("SOL", "FDUSD", "0.01", "0.001", "5", "142", 40),
        Of("BTC", "USDC", "0.01", "0.00001", "5", "84102", 150),
        Of("ETH", "USDC", "0.01", "0.0001", "5", "2688", 80),
        Of("SOL", "USDC", "0.01", "0.001", "5", "142", 40),
        Of("FDUSD", "USDT", "0.0001", "1", "5", "0.9984", 25),
        Of("USDC", "USDT", "0.0001", "1", "5", "0.9997", 35),
        Of("ETH", "BTC", "0.00001", "0.0001", "0.0001", "0.03196", 25),
        Of("SOL", "BTC", "0.0000001", "0.001", "0.0001", "0.0016883", 10),
        Of("BNB", "BTC", "0.000001", "0.001", "0.0001", "0.010118", 10),
        Of("BTC", "EUR", "0.01", "0.00001", "5", "72480", 20),
    ];

    /// <summary>Every well-known ticker, busiest markets first.</summary>
    public static IReadOnlyList<string> Tickers { get; } = [.. Known.Select(listing => listing.Ticker)];

    /// <summary>The listing of a ticker: the same for the same name, always.</summary>
    /// <exception cref="ArgumentException">The name is not upper case, not 2 to 80 bytes, or ends in no known quote asset.</exception>
    public static Listing Get(string ticker)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ticker);
        if (FaultOf(ticker) is { } fault) throw new ArgumentException(fault, nameof(ticker));
        if (Array.Find(Known, listing => listing.Ticker == ticker) is { } known) return known;
        var quote = QuoteOf(ticker)!;
        return MakeUp(ticker, ticker[..^quote.Length], quote);
    }

    /// <summary>Why there is no such listing; null when there is.</summary>
    public static string? FaultOf(string ticker)
    {
        var isSpelled = ticker.All(letter => char.IsLetterOrDigit(letter) && !char.IsLower(letter));
        return isSpelled && QuoteOf(ticker) is not null && Encoding.UTF8.GetByteCount(ticker) <= SymbolTable.MaxTickerLength
            ? null
            : $"The simulated exchange cannot list '{ticker}': name one of its own pairs ({string.Join(", ", Tickers.Take(5))}, …) "
                + $"or an upper-case <BASE><QUOTE> with a quote asset of {string.Join(", ", QuoteAssets)}.";
    }

    private static string? QuoteOf(string ticker) =>
        Array.Find(QuoteAssets, quote => ticker.Length > quote.Length && ticker.EndsWith(quote, StringComparison.Ordinal));

    private static Listing MakeUp(string ticker, string baseAsset, string quoteAsset)
    {
        var draw = Noise.Seed(0, ticker);
        var coin = quoteAsset is "BTC" or "ETH" or "BNB";

        // Four significant digits, one tick per unit of the last: from 0.0001 to 999.9 for money, up to 0.09999 for coins.
        var tick = PowerOfTen(coin ? (int)(draw % 4) : 1 + (int)(draw % 7));
        var price = tick * (1000 + (long)((draw >> 8) % 9000));
        var minNotional = coin ? FixedPoint.One / 10_000 : 5 * FixedPoint.One;

        // About ten steps or more to the smallest order.
        var smallest = (long)((Int128)minNotional * FixedPoint.One / price);
        long step = 1;
        while (step * 100 <= smallest && step < FixedPoint.One) step *= 10;

        return new Listing(
            ticker,
            baseAsset,
            quoteAsset,
            new Price(tick),
            new Quantity(step),
            new Amount(minNotional),
            new Price(price),
            1 + (long)((draw >> 32) % 8));
    }

    private static long PowerOfTen(int exponent)
    {
        long power = 1;
        for (; exponent > 0; exponent--) power *= 10;
        return power;
    }

    private static Listing Of(
        string baseAsset, string quoteAsset, string tick, string step, string minNotional, string price, long weight) => new(
        baseAsset + quoteAsset,
        baseAsset,
        quoteAsset,
        Price.Parse(tick),
        Quantity.Parse(step),
        Amount.Parse(minNotional),
        Price.Parse(price),
        weight);
}
