using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.Benchmarks.Pipelines;

/// <summary>
/// What does it cost to hand a trade from the thread that received it to the one that writes it?
/// <code>
/// producer thread ──▶ [ bounded channel ] ──▶ consumer thread, which reads every trade
/// </code>
/// The trades are those of a few batches over and over, so that the hand-off is measured and not the memory.
/// </summary>
[MemoryDiagnoser]
public class ChannelHandOffBenchmarks
{
    private const int Trades = 262_144;
    private const int Capacity = 131_072;
    private const int Distinct = 8192;

    // Made once, as in a process.
    private readonly TradeIngestMetrics _metrics = new();
    private Trade[] _trades = [];
    private TradeBatch[] _batches = [];

    [GlobalSetup]
    public void Setup()
    {
        _trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Distinct);
        _batches = Batches.Of(Distinct);
    }

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long BatchPerWrite() => PassBatchesAsync().GetAwaiter().GetResult();

    [Benchmark(OperationsPerInvoke = Trades)]
    public long ItemPerWrite() => PassItemsAsync().GetAwaiter().GetResult();

    private async Task<long> PassBatchesAsync()
    {
        var options = new TradeChannelOptions { Trades = Capacity, Policy = FullPolicy.Wait };
        var channel = new TradeChannel(
            options, new ContinuityTracker(_metrics), static _ => { }, _metrics, TimeProvider.System, NullLogger<TradeChannel>.Instance);
        var producing = Task.Run(async () =>
        {
            for (var i = 0; i < Trades / Batches.Size; i++) await channel.WriteAsync(_batches[i % _batches.Length], CancellationToken.None);

            channel.OnCompleted();
        });
        long sum = 0;
        while (await channel.WaitToReadAsync(CancellationToken.None))
        {
            while (channel.TryRead(out var value))
            {
                foreach (ref readonly var trade in ((TradeBatch)value).Trades) sum += trade.TradeId;
            }
        }

        await producing;
        return sum;
    }

    private async Task<long> PassItemsAsync()
    {
        var channel = Channel.CreateBounded<Trade>(new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true });
        var producing = Task.Run(async () =>
        {
            for (var i = 0; i < Trades; i++) await channel.Writer.WriteAsync(_trades[i % Distinct]);
            channel.Writer.Complete();
        });
        long sum = 0;
        await foreach (var trade in channel.Reader.ReadAllAsync()) sum += trade.TradeId;
        await producing;
        return sum;
    }
}
