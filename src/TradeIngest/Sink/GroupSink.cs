using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Sink;

/// <summary>Carries those partitions of one topic into the warehouse that the consumer group gives to this process.</summary>
internal sealed class GroupSink : IDisposable
{
    private readonly IWarehouse _warehouse;
    private readonly SymbolGate _gate;
    private readonly SinkMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly SliceDecoder _decoder;
    private readonly Func<Task<SinkPositions>> _resume;

    private GroupSink(
        KafkaTradeLog log, string topic, string epoch, IWarehouse warehouse, SymbolTable symbols, SymbolGate gate, SinkMetrics metrics,
        Func<Task<SinkPositions>> resume, TimeProvider clock, ILoggerFactory loggers)
    {
        _warehouse = warehouse;
        _gate = gate;
        _metrics = metrics;
        _clock = clock;
        _resume = resume;
        _decoder = new SliceDecoder(epoch, topic, symbols);
        Reader = new KafkaGroupReader(log, topic, PositionsOf, LoadAsync, SettleAsync, warehouse.RecordsPerLoad, loggers.CreateLogger<KafkaGroupReader>());
    }

    public KafkaGroupReader Reader { get; }

    /// <param name="reset">Whether positions the log cannot go on from are given up; see <see cref="SinkPositions"/>.</param>
    public static async Task<GroupSink> OpenAsync(
        KafkaTradeLog log, string topic, IWarehouse warehouse, SymbolTable symbols, SymbolGate gate, SinkMetrics metrics, bool reset, TimeProvider clock,
        ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var first = await SinkPositions.ResumeAsync(log, topic, warehouse, reset, cancellationToken);

        // A reset holds until its first batch is stored; from then on the warehouse knows the new generation by itself.
        async Task<SinkPositions> Resume()
        {
            var stored = await SinkPositions.ResumeAsync(log, topic, warehouse, reset, CancellationToken.None);
            return stored.Epoch == first.Epoch || !reset ? stored : first;
        }

        return new GroupSink(log, topic, first.Epoch, warehouse, symbols, gate, metrics, Resume, clock, loggers);
    }

    public Task RunAsync(CancellationToken cancellationToken) => Reader.RunAsync(cancellationToken);

    public void Dispose()
    {
        Reader.Dispose();
        _decoder.Dispose();
    }

    // Called from inside the client, which knows no asynchronous callbacks.
    private IReadOnlyDictionary<int, long> PositionsOf(IReadOnlyCollection<int> partitions) => Task.Run(_resume).GetAwaiter().GetResult().Next;

    // What was decided here is to stand in the warehouse before another sink goes on.
    private async Task SettleAsync() => await _warehouse.PositionsAsync(CancellationToken.None);

    private async Task LoadAsync(LogSlice slice)
    {
        var batch = _decoder.Decode(slice);
        await _gate.PassAsync(batch.Trades, CancellationToken.None);
        var outcome = await _warehouse.LoadAsync(batch, CancellationToken.None);

        // Not waited for: the next load may be accepted before.
        _ = WatchAsync(_metrics.CountAsync(_warehouse, batch, outcome, _clock));
    }

    private async Task WatchAsync(Task<bool> committed)
    {
        if (!await committed) Reader.RequestRewind();
    }
}
