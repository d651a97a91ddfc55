using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;

namespace Crypto.Benchmarks.Pipelines;

/// <summary>
/// What does it cost to know that no trade is missing, doubled or absurd?
/// <code>
/// trades ──▶ [ seen before? a jump? ] ──▶ [ believable? ] ──▶ counted
/// </code>
/// The alternative keeps every id; the tracker keeps ranges, so that its memory follows the gaps and not the trades.
/// </summary>
[MemoryDiagnoser]
public class ContinuityBenchmarks
{
    private const int Trades = 65_536;

    private readonly TradeIngestMetrics _metrics = new();
    private TradeBatch[] _batches = [];

    private long Counted => _metrics.Quality.Valid.Value + _metrics.Continuity.Duplicates.Value + _metrics.Continuity.Gaps.Value;

    [GlobalSetup]
    public void Setup() => _batches = Batches.Of(Trades);

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long TrackerAndQuality()
    {
        var before = Counted;
        var tracker = new ContinuityTracker(_metrics);
        var source = new EventSource<StreamEvent>();
        var sink = new TradeCounter();
        using var subscription = source.TrackContinuity(tracker).CheckQuality(tracker, _metrics.Quality).Subscribe(sink);
        foreach (var batch in _batches) source.Push(batch);
        return Counted - before;
    }

    [Benchmark(OperationsPerInvoke = Trades)]
    public long HashSetPerSymbol()
    {
        var seen = new Dictionary<Symbol, HashSet<long>>();
        var last = new Dictionary<Symbol, long>();
        long good = 0, duplicates = 0, gaps = 0;
        foreach (var batch in _batches)
        {
            foreach (ref readonly var trade in batch.Trades)
            {
                if (!seen.TryGetValue(trade.Symbol, out var ids)) seen.Add(trade.Symbol, ids = []);
                if (!ids.Add(trade.TradeId))
                {
                    duplicates++;
                    continue;
                }

                ref var previous = ref CollectionsMarshal.GetValueRefOrAddDefault(last, trade.Symbol, out var known);
                if (known && trade.TradeId > previous + 1) gaps++;
                previous = trade.TradeId;
                if (TradeQuality.Check(trade) == ErrorReason.None) good++;
            }
        }

        return good + duplicates + gaps;
    }
}
