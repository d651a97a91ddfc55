using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Jobs;

/// <summary>The stores that a backfill of the command's own process writes, with the session on them.</summary>
internal sealed class BackfillStores : IAsyncDisposable
{
    private readonly IAsyncDisposable _stores;

    private BackfillStores(IAsyncDisposable stores, ReplaySession session)
    {
        _stores = stores;
        Session = session;
    }

    public ReplaySession Session { get; }

    /// <summary>Opens them; under a log of several processes the topic alone, beside whatever runs.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="options">Which stores.</param>
    /// <param name="ticker">The symbol asked for; null for all that are stored.</param>
    /// <param name="clock">Of received times.</param>
    /// <param name="loggers">For the stages.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="Warehouse.StorageException">The folder is in use, or a store cannot be used.</exception>
    public static async Task<BackfillStores> OpenAsync(
        DataFolder folder, ServiceOptions options, string? ticker, TimeProvider clock, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        if (options.Log.Kind == LogKind.Kafka) return await OpenLogAsync(folder, options, ticker, clock, loggers, cancellationToken);
        var stores = await Stores.OpenAsync(folder, options, clock, loggers, cancellationToken);
        try
        {
            return new BackfillStores(
                stores, await ReplaySession.StartAsync(stores, options, ReplayMode.Adding, clock, loggers, cancellationToken));
        }
        catch
        {
            await stores.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        await _stores.DisposeAsync();
    }

    private static async Task<BackfillStores> OpenLogAsync(
        DataFolder folder, ServiceOptions options, string? ticker, TimeProvider clock, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var stored = await CoverageAsync(folder, options, clock, loggers, cancellationToken);
        var log = await Stores.OpenLogAsync(folder, options, clock, loggers);
        try
        {
            var (symbols, metrics) = (new SymbolTable(), new TradeIngestMetrics());
            var tracker = new ContinuityTracker(metrics);
            IEnumerable<string> tickers = ticker is null ? stored.Select(symbol => symbol.Key.Ticker) : [ticker];
            var captured = new LogCaptureState(log, tracker, options.Kafka.TailRecords, clock, loggers);
            await RestoreAsync(tracker, captured, [.. tickers.Select(symbols.Intern)], stored, cancellationToken);
            return new BackfillStores(log, ReplaySession.StartOnLog(log, options, tracker, symbols, metrics, clock, loggers));
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// What the warehouse has, and what the log has beyond it as far as its tail and the ingest's notes tell. What neither shows is
    /// fetched again, and the sinks store it once.
    /// </summary>
    private static async Task RestoreAsync(
        ContinuityTracker tracker, LogCaptureState captured, IReadOnlyList<Symbol> symbols, IReadOnlyList<SymbolCoverage> stored,
        CancellationToken cancellationToken)
    {
        await captured.RestoreAsync(tracker, symbols, cancellationToken);
        foreach (var symbol in symbols)
        {
            if (stored.FirstOrDefault(known => known.Key.Ticker == symbol.Ticker) is not { Captured.IsEmpty: false } known) continue;
            var ids = tracker.Coverage(symbol);
            foreach (var range in known.Captured.Settled().Ranges) ids.Add(range);
            tracker.Seed(symbol, ids, Math.Min(known.Captured.Lowest, tracker.First(symbol) ?? long.MaxValue));
        }
    }

    private static async Task<IReadOnlyList<SymbolCoverage>> CoverageAsync(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (options.Warehouse.Target == WarehouseTarget.Snowflake)
        {
            await using var warehouse = await Stores.OpenSnowflakeAsync(
                options, clock, loggers.CreateLogger<SnowflakeWarehouse>(), cancellationToken);
            return await warehouse.CoverageAsync(cancellationToken);
        }

        // On a machine of its own the ingest knows no warehouse, and neither does a command beside it.
        if (!File.Exists(folder.Warehouse)) return [];
        using var reading = SqliteDatabase.OpenForReading(folder.Warehouse, cancellationToken);
        return SqliteReads.Coverage(reading);
    }
}
