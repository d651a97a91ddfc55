using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Samples;

/// <summary>
/// Trades as the exchange sends them: interleaved symbols, contiguous ids, prices that move a little. The same each time.
/// </summary>
internal static class SampleTrades
{
    private const int Burst = 4;

    /// <summary>2026-02-03T00:00:00Z.</summary>
    private const long Start = 1_770_076_800_000_000;

    private static readonly string[] Bases =
    [
        "BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "TRX", "AVAX", "LINK", "SUI", "TON", "SHIB", "DOT", "LTC", "BCH", "UNI",
        "PEPE", "NEAR", "APT", "ICP", "ETC", "FIL", "ATOM", "ARB", "OP", "INJ", "RUNE", "AAVE", "GRT", "ALGO", "SEI", "WIF",
    ];

    /// <summary>Bases against USDT, as many as asked for up to 32.</summary>
    public static Symbol[] Symbols(SymbolTable table, int count = 32) => [.. Bases.Take(count).Select(name => table.Intern(name + "USDT"))];

    public static Trade[] Of(Symbol[] symbols, int count, long firstId = 715_234)
    {
        var random = new Random(20260203);
        var ids = new long[symbols.Length];
        var trades = new Trade[count];
        for (var i = 0; i < count; i++)
        {
            // Bursts of one symbol, as a taker's order that meets several makers; each symbol as often as the others.
            var symbol = i / Burst % symbols.Length;
            var time = new Timestamp(Start + (i * 13L));
            trades[i] = new Trade(
                symbols[symbol],
                firstId + ids[symbol]++,
                new Price(84_106_090_000 + (random.Next(10_000) * 1_000_000L)),
                new Quantity(random.Next(1, 9_999_999) * 1_000L),
                time + TimeSpan.FromMilliseconds(1),
                time,
                time + TimeSpan.FromMilliseconds(24),
                random.Next(2) == 0 ? AggressorSide.Buy : AggressorSide.Sell,
                IngestSource.Stream);
        }

        return trades;
    }
}
