using System.Reactive.Linq;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Pipelines;

/// <summary>
/// What do Rx operators add to a trade, when an event carries a thousand trades and when it carries one?
/// <code>
/// source ──▶ Synchronize ──▶ Do ──▶ Where ──▶ Do ──▶ observer, which reads every trade
/// </code>
/// The operators do nothing per trade: what ours do is the question of continuity.
/// </summary>
[MemoryDiagnoser]
public class RxOverheadBenchmarks
{
    private const int Distinct = 8192;
    private const int Trades = 65_536;

    private readonly EventSource<StreamEvent> _batchSource = new();
    private readonly EventSource<Trade> _tradeSource = new();
    private Trade[] _trades = [];
    private TradeBatch[] _batches = [];
    private long _events;
    private long _sum;

    [GlobalSetup]
    public void Setup()
    {
        _trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Distinct);
        _batches = Batches.Of(Distinct);
        Shape(_batchSource).Subscribe(OnEvent);
        Shape(_tradeSource).Subscribe(trade => _sum += trade.TradeId);
    }

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long Batched()
    {
        _sum = 0;
        for (var i = 0; i < Trades / Batches.Size; i++) _batchSource.Push(_batches[i % _batches.Length]);
        return _sum + _events;
    }

    [Benchmark(OperationsPerInvoke = Trades)]
    public long SingleItems()
    {
        _sum = 0;
        for (var i = 0; i < Trades; i++) _tradeSource.Push(_trades[i % Distinct]);
        return _sum + _events;
    }

    private IObservable<T> Shape<T>(IObservable<T> source) =>
        source.Synchronize().Do(_ => _events++).Where(value => value is not null).Do(_ => _events--);

    private void OnEvent(StreamEvent value)
    {
        if (value is not TradeBatch batch) return;
        foreach (ref readonly var trade in batch.Trades) _sum += trade.TradeId;
    }
}
