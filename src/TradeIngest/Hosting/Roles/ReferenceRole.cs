using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>Publishes what the exchange and the reference file say of symbols. Exactly one process of a deployment has this role.</summary>
internal sealed class ReferenceRole : IRole
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly SymbolChangesTopic _changes;
    private readonly ChangeEventTopic? _events;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private long _looks;

    private ReferenceRole(
        SymbolChangesTopic changes, ReferenceFileWatch file, ExchangeInfoPolling polling, ChangeEventFile? eventFile, ChangeEventTopic? events,
        TimeSpan interval, TimeProvider clock)
    {
        _changes = changes;
        _events = events;
        _clock = clock;
        _running = Task.Run(() => Task.WhenAll(
            file.RunAsync(_stopping.Token),
            polling.RunAsync(_stopping.Token),
            eventFile?.RunAsync(interval, _stopping.Token) ?? Task.CompletedTask,
            events?.RunAsync(_stopping.Token) ?? Task.CompletedTask,
            LookAsync(_stopping.Token)));
    }

    public Task Running => _running;

    public IReadOnlyList<HealthPart> Parts => [new("reference", static () => false, () => Volatile.Read(ref _looks))];

    public static async Task<ReferenceRole> StartAsync(
        KafkaTradeLog log, DataFolder folder, ServiceOptions options, BinanceRestClient rest, IReadOnlyList<ExchangeSymbol> chosen, TimeProvider clock,
        ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var changes = new SymbolChangesTopic(log);
        var sync = new ReferenceSync(changes, clock);
        await sync.SyncAsync(ChangeSource.ExchangeInfo, [.. chosen.Select(ExchangeInfoStatements.From)], cancellationToken);
        var file = new ReferenceFileWatch(
            options.Reference.File ?? folder.ReferenceFile, options.Reference.Interval, sync, clock, loggers.CreateLogger<ReferenceFileWatch>());
        await file.ApplyIfChangedAsync(cancellationToken);
        var polling = new ExchangeInfoPolling(
            rest, [.. chosen.Select(symbol => symbol.Ticker)], options.Exchange.InfoInterval, sync, clock, loggers.CreateLogger<ExchangeInfoPolling>());
        var eventFile = options.Reference.ChangeEvents is { } path
            ? new ChangeEventFile(path, changes, clock, loggers.CreateLogger<ChangeEventFile>())
            : null;
        var events = options.Reference.ChangeEventsTopic is { } topic
            ? new ChangeEventTopic(log, topic, changes, clock, loggers.CreateLogger<ChangeEventTopic>())
            : null;
        return new ReferenceRole(changes, file, polling, eventFile, events, options.Reference.Interval, clock);
    }

    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        await _stopping.CancelAsync();
        await _running;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();

        // A failure was told through Running.
        await _running.ContinueWith(static _ => { }, TaskScheduler.Default);
        _events?.Dispose();
        await _changes.DisposeAsync();
        _stopping.Dispose();
    }

    /// <summary>Keeps in touch with the topic, so that a broker that is gone shows.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await _changes.ChangesAsync(ChangeSource.ExchangeInfo, cancellationToken);
                    Interlocked.Increment(ref _looks);
                }
                catch (StorageException failure) when (failure.IsTransient)
                {
                    // Librdkafka has logged it; that nothing is counted is what health tells.
                }

                await Task.Delay(Look, _clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }
}
