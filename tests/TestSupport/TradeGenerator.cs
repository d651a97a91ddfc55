using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TestSupport;

/// <summary>Trades of every representable kind, odd ones included, repeatable from a seed.</summary>
public sealed class TradeGenerator(int seed, SymbolTable symbols)
{
    private static readonly string[] Tickers =
    [
        "BTCUSDT", "ETHUSDT", "1000SATSUSDT", "币安人生USDT", "a", "quote\"inside", "back\\slash",
        "\0\u0001\u001f\b\f\n\r\t", "🚀/+ &<>'",
        "\u007f\u0080\u2028", new('"', SymbolTable.MaxTickerLength), new('\u0001', SymbolTable.MaxTickerLength), "\\u0041", " blank ",
    ];

    private static readonly long[] Edges =
    [
        0, 1, -1, 9, 10, 99_999_999, 100_000_000, 100_000_001, -100_000_000,
        long.MaxValue, long.MaxValue - 1, long.MinValue, long.MinValue + 1,
    ];

    private readonly Random _random = new(seed);

    /// <summary>A trade as the exchange makes them.</summary>
    public Trade NextPlausible()
    {
        var tradeTime = 1_700_000_000_000_000 + _random.NextInt64(100_000_000_000_000);
        return new Trade(
            symbols.Intern(Tickers[_random.Next(3)]),
            _random.NextInt64(1, 10_000_000_000),
            new Price(_random.NextInt64(1, 20_000_000_000_000)),
            new Quantity(_random.NextInt64(1, 1_000_000_000_000)),
            new Timestamp(tradeTime + _random.Next(5_000)),
            new Timestamp(tradeTime),
            new Timestamp(tradeTime + _random.Next(1_000_000)),
            (AggressorSide)_random.Next(1, 3),
            (IngestSource)_random.Next(1, 4));
    }

    /// <summary>A trade that no exchange would make and that must survive all the same.</summary>
    public Trade NextOdd() => new(
        symbols.Intern(Tickers[_random.Next(Tickers.Length)]),
        NextLong(),
        new Price(NextLong()),
        new Quantity(NextLong()),
        new Timestamp(NextLong()),
        new Timestamp(NextLong()),
        new Timestamp(NextLong()),
        (AggressorSide)_random.Next(1, 3),
        (IngestSource)_random.Next(1, 4));

    /// <summary>A number of any magnitude, the edges of the range often among them.</summary>
    public long NextLong() => _random.Next(4) == 0
        ? Edges[_random.Next(Edges.Length)]
        : _random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);
}
