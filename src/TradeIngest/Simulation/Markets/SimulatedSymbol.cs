using System.Numerics;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// The trades of one instrument. Trade <c>k</c> is a pure function of the market's description, in integer arithmetic only, so
/// that it is the same bits on every processor; it costs well under 150 ns and allocates nothing. Immutable, thread-safe.
/// </summary>
internal sealed class SimulatedSymbol
{
    // Nine octaves of value noise, periods 2^6 to 2^22 trades. The amplitude doubles as the period quadruples, which is how a
    // random walk scales; together they reach 7.8 % of the base price (511 × 5 × 2^15 of 2^30).
    private const int Octaves = 9;
    private const int FirstPeriodBits = 6;
    private const int Amplitude = 5;
    private const int GroupBits = 3;

    private readonly ulong _priceSeed;
    private readonly ulong _sideSeed;
    private readonly ulong _sizeSeed;
    private readonly long _baseTicks;
    private readonly long _smallest;
    private readonly Run[] _runs;

    public SimulatedSymbol(MarketDescription description, Listing listing)
    {
        Listing = listing;
        var seed = Noise.Seed(description.Seed, listing.Ticker);
        _priceSeed = Noise.At(seed, 1);
        _sideSeed = Noise.At(seed, 2);
        _sizeSeed = Noise.At(seed, 3);
        var isNew = description.Sessions.Any(session => session.ListedAt?.ContainsKey(listing.Ticker) == true);
        FirstId = isNew ? 0 : 1_000_000 + (long)(Noise.At(seed, 4) % 5_999_000_000);
        _baseTicks = listing.BaseTicks;
        if (_baseTicks is < 20 or > 1L << 34)
        {
            throw new InvalidDataException($"{listing.Ticker}: the base price must be 20 to 2^34 ticks.");
        }

        // Steps of the smallest order, with slack for the whole range of the price.
        var smallest = (Int128)listing.MinNotional.Scaled * FixedPoint.One * 115 / 100 / listing.BasePrice.Scaled;
        _smallest = 1 + (long)(smallest / listing.StepSize.Scaled);
        _runs = [.. Runs(description, listing, Noise.At(seed, 5))];
    }

    public Listing Listing { get; }

    /// <summary>The id of trade 0.</summary>
    public long FirstId { get; }

    /// <summary>Computes trade <paramref name="k"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No session contains it.</exception>
    public void Read(long k, out SimulatedTrade trade)
    {
        ref readonly var run = ref RunOf(k);
        var tradeTime = run.Times.At(k - run.FirstK);

        // A taker fills several makers at one price: the price moves from one group of trades to the next.
        var group = k >> GroupBits;
        var at = group << GroupBits;
        var deviation = 0L;
        var slope = 0;
        for (var octave = 0; octave < Octaves; octave++)
        {
            var bits = FirstPeriodBits + (2 * octave);
            var cell = at >> bits;
            var seed = _priceSeed + ((ulong)octave * 0xA24BAED4963EE407UL);
            int from = (short)Noise.At(seed, cell);
            int to = (short)Noise.At(seed, cell + 1);
            var part = (at & ((1L << bits) - 1)) << 16 >> bits;
            deviation += (from + ((to - from) * part >> 16)) << octave;
            if (octave == 0) slope = to - from;
        }

        // Takers lean with the move; a buyer pays one tick more than a seller gets.
        var side = Noise.At(_sideSeed, group) & 0xFFFF;
        var buys = (long)side < 32768 + (slope * 3 / 8);
        var ticks = _baseTicks + (_baseTicks * deviation * Amplitude >> 30) + (buys ? 1 : 0);

        // Half of all trades are the smallest allowed; beyond, 2^1.5 times the size is half as likely, up to 2^16 times.
        var draw = Noise.At(_sizeSeed, k);
        var steps = _smallest;
        if ((draw >> 32 & 1) != 0)
        {
            var rarity = BitOperations.TrailingZeroCount((uint)draw | 1u << 11);
            steps <<= rarity + (rarity >> 1);
            steps += steps * (long)(draw >> 16 & 0xFFFF) >> 16;
        }

        var delay = 100 + (long)((draw >> 40 & 0xFFFF) * 900 >> 16);
        trade = new SimulatedTrade(
            FirstId + k,
            new Price(ticks * Listing.TickSize.Scaled),
            new Quantity(steps * Listing.StepSize.Scaled),
            new Timestamp(tradeTime.Microseconds + delay),
            tradeTime,
            buys ? AggressorSide.Buy : AggressorSide.Sell);
    }

    /// <summary>The first trade of the last session that happens at or after <paramref name="time"/>.</summary>
    public long FirstAtOrAfter(Timestamp time)
    {
        ref readonly var run = ref _runs[^1];
        return run.FirstK + run.Times.CountBefore(time);
    }

    private ref readonly Run RunOf(long k)
    {
        for (var i = _runs.Length - 1; i >= 0; i--)
        {
            if (_runs[i].FirstK <= k) return ref _runs[i];
        }

        throw new ArgumentOutOfRangeException(nameof(k), k, $"No session of the market contains trade {k} of {Listing.Ticker}.");
    }

    private static IEnumerable<Run> Runs(MarketDescription description, Listing listing, ulong seed)
    {
        var last = 0L;
        foreach (var session in description.Sessions)
        {
            if (!session.FirstK.TryGetValue(listing.Ticker, out var firstK)) continue;
            if (firstK < last)
            {
                throw new InvalidDataException($"{listing.Ticker}: a session of the market starts before the one ahead of it.");
            }

            last = firstK;

            var total = description.Listings.Where(other => session.FirstK.ContainsKey(other.Ticker)).Sum(other => other.Weight);
            var start = StartOf(session, listing.Ticker);
            yield return new Run(firstK, new TradeTimes(seed, start, session.MilliTradesPerSecond, listing.Weight, total));
        }
    }

    private static Timestamp StartOf(MarketSession session, string ticker) =>
        session.ListedAt is { } times && times.TryGetValue(ticker, out var listed) ? listed : session.Origin;

    private readonly record struct Run(long FirstK, TradeTimes Times);
}
