using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Sink;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>
/// From the log to the warehouse, as a member of the consumer group. Members share one warehouse, whose positions say where each
/// partition goes on.
/// </summary>
internal sealed class SinkRole : IRole
{
    private readonly SymbolGate _gate;
    private readonly GroupSink _trades;
    private readonly GroupSink _deadLetters;
    private readonly CancellationTokenSource _stopping = new();

    private SinkRole(SymbolGate gate, GroupSink trades, GroupSink deadLetters, SinkMetrics metrics)
    {
        _gate = gate;
        _trades = trades;
        _deadLetters = deadLetters;
        Metrics = metrics;
        Running = RunAsync();
    }

    public SinkMetrics Metrics { get; }

    public GroupSink Trades => _trades;

    public Task Running { get; }

    /// <summary>The symbols' part is the one that notices a broker that is gone: the others then wait, as when there is nothing to read.</summary>
    public IReadOnlyList<HealthPart> Parts =>
    [
        new("sink trades", static () => false, () => _trades.Reader.Turns),
        new("sink dead letters", static () => false, () => _deadLetters.Reader.Turns),
        new("sink symbols", static () => false, () => _gate.Looks),
    ];

    /// <summary>Brings the warehouse's symbols up to date, then joins the group.</summary>
    /// <exception cref="LogException">The log does not have what the warehouse wants next, and no reset was asked for.</exception>
    public static async Task<SinkRole> StartAsync(
        KafkaTradeLog log, IWarehouse warehouse, bool reset, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var gate = new SymbolGate(log, warehouse, clock, loggers.CreateLogger<SymbolGate>());
        await gate.CatchUpAsync(cancellationToken);
        var symbols = new SymbolTable();
        var metrics = new SinkMetrics();
        var trades = await GroupSink.OpenAsync(log, Topics.StockTrades, warehouse, symbols, gate, metrics, reset, clock, loggers, cancellationToken);
        var deadLetters = await GroupSink.OpenAsync(log, Topics.DeadLetters, warehouse, symbols, gate, metrics, reset, clock, loggers, cancellationToken);
        return new SinkRole(gate, trades, deadLetters, metrics);
    }

    /// <summary>Ends the load under way and leaves the group; what else is in the log waits there.</summary>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        await _stopping.CancelAsync();
        await Running;
        return true;
    }

    /// <summary>Each goes on until stopped; when one fails the others end too, so that the failure is told at once.</summary>
    private async Task RunAsync()
    {
        Task[] parts = [Task.Run(() => _gate.RunAsync(_stopping.Token)), _trades.RunAsync(_stopping.Token), _deadLetters.RunAsync(_stopping.Token)];
        await Task.WhenAny(parts);
        await _stopping.CancelAsync();
        await Task.WhenAll(parts);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();

        // A failure was told through Running.
        await Running.ContinueWith(static _ => { }, TaskScheduler.Default);
        _trades.Dispose();
        _deadLetters.Dispose();
        await _gate.DisposeAsync();
        _stopping.Dispose();
    }
}
