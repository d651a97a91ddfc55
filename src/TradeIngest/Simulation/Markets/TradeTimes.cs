using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// When the trades of one symbol happen within one session: a monotone map from trade number to microseconds, computed for any
/// number alone. The mean interval is exact over every 4,096 trades; inside, blocks of 64 run at uneven pace, and inside a
/// block most trades share their microsecond with the one before, as several makers filled by one taker do.
/// </summary>
internal sealed class TradeTimes
{
    private const int BlockBits = 6;
    private const int BlockTrades = 1 << BlockBits;
    private const int SpanBits = 2 * BlockBits;
    private const int Shapes = 64;
    private const int UnitBits = 16;

    // An hour between two trades of a symbol is as slow as a market gets; the bound keeps the arithmetic below in 64 bits.
    private const ulong MaxInterval = 3_600_000_000UL << UnitBits;

    // Cumulated shares of the whole, in 1/65,536, before entry i: how a stretch of time is divided among 64 parts.
    private static readonly int[] Trades = Cumulate(0x7261646573UL, BurstyGap);
    private static readonly int[] Blocks = Cumulate(0x626C6F636B73UL, UnevenGap);

    private readonly ulong _seed;
    private readonly long _origin;

    // Microseconds × 65,536: of one trade on average, and of a span of 4,096.
    private readonly ulong _interval;
    private readonly ulong _span;

    /// <param name="weight">The symbol's share of the session's rate, out of <paramref name="totalWeight"/>.</param>
    public TradeTimes(ulong seed, Timestamp origin, long milliTradesPerSecond, long weight, long totalWeight)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(milliTradesPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(weight);
        _seed = seed;
        var interval = ((UInt128)1_000_000_000 * (ulong)totalWeight << UnitBits) / ((UInt128)(ulong)milliTradesPerSecond * (ulong)weight);
        _interval = interval > MaxInterval ? MaxInterval : Math.Max((ulong)interval, 1);
        _span = _interval << SpanBits;

        // Symbols do not all start in the same instant.
        _origin = origin.Microseconds + (long)Math.BigMul(Noise.At(seed, -1), _interval >> UnitBits, out _);
    }

    /// <summary>When the <paramref name="n"/>-th trade of the session happens, from 0. Never before the trade ahead of it.</summary>
    public Timestamp At(long n)
    {
        var block = n >> BlockBits;
        var spanStart = Start(n >> SpanBits);
        var length = (long)(_span >> UnitBits);
        var division = (int)(Noise.At(_seed, n >> SpanBits) % Shapes * (BlockTrades + 1)) + (int)(block & (BlockTrades - 1));
        var blockStart = length * Blocks[division] >> UnitBits;
        var blockLength = (length * Blocks[division + 1] >> UnitBits) - blockStart;
        var part = (int)(Noise.At(~_seed, block) % Shapes * (BlockTrades + 1)) + (int)(n & (BlockTrades - 1));

        // The entry after: what a shape's first gap holds lies ahead of its first trade.
        return new Timestamp(_origin + spanStart + blockStart + (blockLength * Trades[part + 1] >> UnitBits));
    }

    /// <summary>How many trades happen before <paramref name="time"/>; equally, the number of the first one at or after it.</summary>
    public long CountBefore(Timestamp time)
    {
        var elapsed = time.Microseconds - _origin;
        if (elapsed <= 0) return 0;

        var span = (long)(((UInt128)(ulong)elapsed << UnitBits) / _span);
        var low = Math.Max(0, span - 1) << SpanBits;
        var high = (span + 2) << SpanBits;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (At(middle) < time) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private long Start(long span)
    {
        var high = Math.BigMul((ulong)span, _span, out var low);
        return (long)((high << (64 - UnitBits)) | (low >> UnitBits));
    }

    private static int[] Cumulate(ulong seed, Func<ulong, int> gap)
    {
        var shapes = new int[Shapes * (BlockTrades + 1)];
        for (var shape = 0; shape < Shapes; shape++)
        {
            var start = shape * (BlockTrades + 1);
            var total = 0;
            for (var i = 0; i < BlockTrades; i++)
            {
                total += gap(Noise.At(seed, (shape * BlockTrades) + i));
                shapes[start + i + 1] = total;
            }

            for (var i = 1; i <= BlockTrades; i++) shapes[start + i] = (int)(((long)shapes[start + i] << UnitBits) / total);
        }

        return shapes;
    }

    private static int BurstyGap(ulong draw) => (draw & 15) switch
    {
        < 12 => 0,
        < 14 => 1 + (int)((draw >> 8) % 8),
        < 15 => 16 + (int)((draw >> 8) % 64),
        _ => 128 + (int)((draw >> 8) % 512),
    };

    // From a third of the mean pace to eighteen times of it.
    private static int UnevenGap(ulong draw) => 1 << (int)(draw % 7);
}
