using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Carries one topic of the log into the warehouse: reads on from where the warehouse stands, so that stopping it anywhere and starting it
/// again loses nothing and doubles nothing.
/// </summary>
internal sealed class TopicSink : IBatchHandler, IAsyncDisposable
{
    private readonly ITradeLog _log;
    private readonly string _topic;
    private readonly IWarehouse _warehouse;
    private readonly SymbolGate? _gate;
    private readonly StageTimes _stages;
    private readonly LoadCounter _loads;
    private readonly SinkPositions _first;
    private readonly bool _isReset;
    private readonly TimeProvider _clock;
    private readonly BatchDecoder _decoder;
    private readonly ILogConsumer _consumer;

    private TopicSink(TopicSinkParts parts, string topic, SinkPositions first, ILogger logger)
    {
        _log = parts.Log;
        _topic = topic;
        _warehouse = parts.Warehouse;
        _gate = parts.Gate;
        _stages = parts.Metrics.Stages;
        _loads = new LoadCounter(parts.Metrics.Sink);
        _isReset = parts.IsReset;
        _clock = parts.Clock;
        _first = first;
        _decoder = new BatchDecoder(first.Epoch, topic, parts.Symbols);
        Metrics = new ConsumerMetrics(parts.Metrics, topic);
        _consumer = parts.Log.OpenConsumer(topic, this, Metrics, parts.Clock, logger);
    }

    public ConsumerMetrics Metrics { get; }

    public int RecordsPerBatch => _warehouse.RecordsPerLoad;

    /// <summary>Opens a topic at the warehouse's positions, or at the first record kept where the warehouse has none.</summary>
    /// <exception cref="LogException">The warehouse stands where the log no longer, or not yet, has records.</exception>
    public static async Task<TopicSink> OpenAsync(TopicSinkParts parts, string topic, ILogger logger, CancellationToken cancellationToken)
    {
        var first = await SinkPositions.ResumeAsync(parts.Log, topic, parts.Warehouse, parts.IsReset, cancellationToken);
        return new TopicSink(parts, topic, first, logger);
    }

    /// <inheritdoc cref="ILogConsumer.DrainAsync"/>
    public Task DrainAsync(CancellationToken cancellationToken) => _consumer.DrainAsync(cancellationToken);

    /// <inheritdoc cref="ILogConsumer.RunAsync"/>
    public Task RunAsync(CancellationToken cancellationToken) => _consumer.RunAsync(cancellationToken);

    public async Task<IReadOnlyDictionary<int, long>> PositionsAsync(CancellationToken cancellationToken)
    {
        var stored = await SinkPositions.ResumeAsync(_log, _topic, _warehouse, _isReset, cancellationToken);

        // A reset holds until its first batch is stored; from then on the warehouse knows the new generation by itself.
        return (stored.Epoch == _first.Epoch || !_isReset ? stored : _first).Next;
    }

    public async Task<BatchCommit> HandleAsync(ConsumedBatch batch)
    {
        var started = _clock.GetTimestamp();
        var decoded = _decoder.Decode(batch);
        _stages.SinkDecode.Add(_clock, started);
        if (_gate is not null) await _gate.PassAsync(decoded.Trades, CancellationToken.None);
        started = _clock.GetTimestamp();
        var outcome = await _warehouse.LoadAsync(decoded, CancellationToken.None);
        _stages.WarehouseLoad.Add(_clock, started);

        // Not waited for: the next load may be accepted before.
        return new BatchCommit(_loads.CountAsync(_warehouse, decoded, outcome, _clock));
    }

    public async Task CheckpointAsync() => await _warehouse.PositionsAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _consumer.DisposeAsync();
        _decoder.Dispose();
    }
}

/// <summary>What the sinks of all topics share.</summary>
/// <param name="Gate">Describes symbols before their trades are stored, where descriptions come by the log; else null.</param>
/// <param name="IsReset">Whether positions the log cannot go on from are given up; see <see cref="SinkPositions"/>.</param>
internal sealed record TopicSinkParts(
    ITradeLog Log, IWarehouse Warehouse, SymbolTable Symbols, SymbolGate? Gate, TradeIngestMetrics Metrics, bool IsReset,
    TimeProvider Clock);
