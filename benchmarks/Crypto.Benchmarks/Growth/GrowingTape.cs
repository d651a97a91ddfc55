using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Growth;

/// <summary>
/// Trades without end: bursts of four of one symbol, the symbols drawn at random, ids contiguous per symbol. The same each time. As on
/// an exchange few symbols make most of the trades: the n-th has an n-th of the first one's; or all are alike, the worst case.
/// </summary>
internal sealed class GrowingTape
{
    private const int Burst = 4;

    /// <summary>2026-02-03T00:00:00Z.</summary>
    private const long Start = 1_770_076_800_000_000;

    private readonly Random _random = new(20260203);
    private readonly Symbol[] _symbols;
    private readonly long[] _ids;
    private readonly double[] _upTo;
    private long _count;
    private int _symbol;

    public GrowingTape(int symbols, bool isEven = false)
    {
        double sum = 0;
        _upTo = [.. Enumerable.Range(1, symbols).Select(rank => sum += isEven ? 1 : 1.0 / rank)];
        var table = new SymbolTable();
        _symbols = [.. Enumerable.Range(0, symbols).Select(i => table.Intern($"SYM{i:D4}USDT"))];
        _ids = new long[symbols];
        Array.Fill(_ids, 715_234);
        Table = table;
    }

    public SymbolTable Table { get; }

    public Trade Next()
    {
        if (_count % Burst == 0)
        {
            var drawn = Array.BinarySearch(_upTo, _random.NextDouble() * _upTo[^1]);
            _symbol = drawn < 0 ? ~drawn : drawn;
        }

        var time = new Timestamp(Start + (_count++ * 13));
        return new Trade(
            _symbols[_symbol],
            _ids[_symbol]++,
            new Price(84_106_090_000 + (_random.Next(10_000) * 1_000_000L)),
            new Quantity(_random.Next(1, 9_999_999) * 1_000L),
            time + TimeSpan.FromMilliseconds(1),
            time,
            time + TimeSpan.FromMilliseconds(24),
            _random.Next(2) == 0 ? AggressorSide.Buy : AggressorSide.Sell,
            IngestSource.Stream);
    }
}
