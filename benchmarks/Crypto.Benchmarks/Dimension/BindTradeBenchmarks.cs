using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Benchmarks.Dimension;

/// <summary>
/// What does it cost to find the version of a symbol that was valid when a trade happened?
/// <code>
/// (symbol, trade time) ──▶ [ 5,000 symbols × 20 versions ] ──▶ surrogate key
/// </code>
/// Nearly every live trade belongs to the current version; here every version is as likely, which is the worst case.
/// </summary>
[MemoryDiagnoser]
public class BindTradeBenchmarks
{
    private const int Symbols = 5000;
    private const int Versions = 20;
    private const int Trades = 16_384;

    private static readonly long Day = TimeSpan.FromDays(1).Ticks / TimeSpan.TicksPerMicrosecond;

    private readonly VersionIndex[] _indexes = new VersionIndex[Symbols];
    private readonly Dictionary<string, List<SymbolVersion>> _lists = new(StringComparer.Ordinal);
    private readonly (int Ordinal, string Ticker, Timestamp Time)[] _trades = new (int, string, Timestamp)[Trades];

    [GlobalSetup]
    public void Setup()
    {
        for (var symbol = 0; symbol < Symbols; symbol++)
        {
            var key = new NaturalKey("BINANCE", TickerOf(symbol));
            var versions = Enumerable.Range(0, Versions).Select(i => new SymbolVersion(
                key,
                new Timestamp(i * Day),
                i == Versions - 1 ? Timestamp.EndOfTime : new Timestamp((i + 1) * Day),
                false,
                false,
                ImmutableSortedDictionary<SymbolAttribute, string?>.Empty)).ToList();
            _indexes[symbol] = new VersionIndex(symbol, versions);
            _lists.Add(key.Ticker, versions);
        }

        var random = new Random(7);
        for (var i = 0; i < Trades; i++)
        {
            var symbol = random.Next(Symbols);
            _trades[i] = (symbol, TickerOf(symbol), new Timestamp(random.NextInt64(Versions * Day)));
        }
    }

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long VersionIndexes()
    {
        long sum = 0;
        foreach (ref readonly var trade in _trades.AsSpan())
        {
            var index = _indexes[trade.Ordinal];
            sum += index.KeyOf(index.IndexAt(trade.Time));
        }

        return sum;
    }

    /// <summary>The usual look-up: a dictionary by ticker, then the versions from the newest back.</summary>
    [Benchmark(OperationsPerInvoke = Trades)]
    public long DictionaryAndScan()
    {
        long sum = 0;
        foreach (ref readonly var trade in _trades.AsSpan())
        {
            var versions = _lists[trade.Ticker];
            var i = versions.Count - 1;
            while (versions[i].ValidFrom > trade.Time) i--;
            sum += versions[i].SymbolKey;
        }

        return sum;
    }

    private static string TickerOf(int symbol) => $"COIN{symbol}USDT";
}
