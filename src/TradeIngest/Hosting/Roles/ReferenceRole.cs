using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Reference;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>Publishes what the exchange and the reference file say of symbols. Exactly one process of a deployment has this role.</summary>
internal sealed class ReferenceRole : IRole
{
    private readonly SymbolChangesTopic _changes;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private ReferenceRole(SymbolChangesTopic changes, ReferenceFileWatch file, ExchangeInfoPolling polling)
    {
        _changes = changes;
        _running = Task.Run(() => Task.WhenAll(file.RunAsync(_stopping.Token), polling.RunAsync(_stopping.Token)));
    }

    public Task Running => _running;

    public static async Task<ReferenceRole> StartAsync(
        ITradeLog log, DataFolder folder, ServiceOptions options, BinanceRestClient rest, IReadOnlyList<ExchangeSymbol> chosen, TimeProvider clock,
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
        return new ReferenceRole(changes, file, polling);
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
        await _changes.DisposeAsync();
        _stopping.Dispose();
    }
}
