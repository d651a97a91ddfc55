using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Jobs;

/// <summary>
/// The whole job in one process: a simulated exchange, live capture from it over real sockets, and a change of reference data half
/// way. At its end everything the exchange produced is stored.
/// </summary>
internal sealed class DemoRun : IAsyncDisposable
{
    private static readonly TimeSpan CatchUpTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly DataFolder _folder;
    private readonly DemoPlan _plan;
    private readonly TimeProvider _clock;
    private readonly Stores _stores;
    private readonly SimulatedExchange _exchange;

    private DemoRun(
        DataFolder folder, DemoPlan plan, TimeProvider clock, Stores stores, SimulatedExchange exchange, TradeIngestHost service)
    {
        _folder = folder;
        _plan = plan;
        _clock = clock;
        _stores = stores;
        _exchange = exchange;
        Service = service;
    }

    public TradeIngestHost Service { get; }

    public IngestWorker Ingest => Service.Ingest!;

    public TradeIngestMetrics Metrics => Service.Metrics;

    public long Produced => _exchange.TotalProduced;

    /// <summary>The symbol whose risk level changes, and since when; null until it happened.</summary>
    public (string Ticker, Timestamp ValidFrom)? Change { get; private set; }

    /// <exception cref="ConfigurationException">The folder holds other data than this demo's market.</exception>
    public static async Task<DemoRun> StartAsync(
        DataFolder folder, DemoPlan plan, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        if (!File.Exists(folder.Simulation) && File.Exists(folder.Warehouse))
        {
            throw new ConfigurationException($"'{folder.Path}' holds trades that are not a demo's. Choose another folder with --data.");
        }

        var stores = await Stores.OpenAsync(folder, options, clock, loggers, cancellationToken);
        SimulatedExchange? exchange = null;
        TradeIngestHost? service = null;
        try
        {
            await WarehouseSink.CatchUpAsync(stores.Log, stores.Warehouse, clock, cancellationToken);
            exchange = new SimulatedExchange(MarketFolder.Continue(folder, new SimulatedExchangeOptions
            {
                Seed = plan.Seed,
                Symbols = plan.Symbols,
                Rate = plan.Rate,
                TotalTrades = plan.Trades,
                Keep = market => MarketFolder.Save(folder, market),
                TimeProvider = clock,
            }));
            await exchange.StartAsync(cancellationToken);
            if (!File.Exists(folder.ReferenceFile))
            {
                await File.WriteAllLinesAsync(folder.ReferenceFile, ReferenceSample.Lines(plan.Symbols), cancellationToken);
            }

            options = options with
            {
                Exchange = options.Exchange with
                {
                    WebSocket = exchange.WsBase.ToString(),
                    Rest = exchange.RestBase.ToString(),
                    Symbols = string.Join(',', plan.Symbols),
                },
                Reference = new ReferenceOptions { Interval = TimeSpan.FromMilliseconds(100) },
            };
            service = TradeIngestHost.Build(stores, options, Role.All, isReset: false, clock, loggers);
            await service.StartAsync(cancellationToken);
            await service.WaitUntilStartedAsync(cancellationToken);
            return new DemoRun(folder, plan, clock, stores, exchange, service);
        }
        catch
        {
            if (service is not null) await service.DisposeAsync();
            if (exchange is not null) await exchange.DisposeAsync();
            await stores.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lets trades happen, changes a risk level half way, then waits until everything produced is stored.</summary>
    /// <param name="onLook">Called now and then, for a display.</param>
    public async Task CompleteAsync(Action onLook, CancellationToken cancellationToken)
    {
        var started = _clock.GetTimestamp();
        while (!_exchange.Finished.IsCompleted && (_plan.Trades is not null || _clock.GetElapsedTime(started) < _plan.Duration))
        {
            if (_plan.ChangesReference && Change is null && IsHalfWay(started)) await ChangeRiskAsync(cancellationToken);
            await LookAsync(onLook, cancellationToken);
        }

        await _exchange.HaltAsync();
        if (_exchange.Finished.IsFaulted) await _exchange.Finished;
        if (_plan.ChangesReference && Change is null) await ChangeRiskAsync(cancellationToken);
        await CatchUpAsync(onLook, cancellationToken);
        await Service.StopAsync();
        MarketFolder.Save(_folder, _exchange.Description! with { Produced = AllProduced() });
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await _exchange.DisposeAsync();
        await _stores.DisposeAsync();
    }

    private bool IsHalfWay(long started) => _plan.Trades is { } trades
        ? _exchange.TotalProduced >= trades / 2
        : _clock.GetElapsedTime(started) >= _plan.Duration / 2;

    /// <summary>
    /// The operator edits the reference file: the first symbol has another risk level from now on, by the market's clock.
    /// </summary>
    private async Task ChangeRiskAsync(CancellationToken cancellationToken)
    {
        var ticker = _plan.Symbols[0];
        var market = new SimulatedMarket(_exchange.Description!);
        var session = _exchange.Description!.Sessions[^1];
        var (from, to) = (session.FirstK[ticker], _exchange.Produced(ticker));
        var validFrom = to > from ? market.TradeAt(ticker, from + ((to - from) / 2)).TradeTime : Timestamp.Now(_clock);
        if (_plan.Rate is not null && _plan.Trades is null) validFrom = Timestamp.Now(_clock);
        var lines = await File.ReadAllLinesAsync(_folder.ReferenceFile, cancellationToken);
        var draft = _folder.ReferenceFile + ".new";
        await File.WriteAllLinesAsync(draft, ReferenceSample.WithChangedRisk(lines, ticker, validFrom.ToString()), cancellationToken);
        File.Move(draft, _folder.ReferenceFile, overwrite: true);
        Change = (ticker, validFrom);
    }

    private async Task CatchUpAsync(Action onLook, CancellationToken cancellationToken)
    {
        var started = _clock.GetTimestamp();
        var market = new SimulatedMarket(_exchange.Description!);

        // Also what happened before the connection stood: the exchange still has it.
        foreach (var symbol in Ingest.Symbols)
        {
            foreach (var missing in Missing(market, symbol))
            {
                Ingest.Backfill.Enqueue(new GapFound(Timestamp.Now(_clock), symbol, missing));
            }
        }

        while (Ingest.Symbols.Any(symbol => Missing(market, symbol).Count > 0)
            || Metrics.Sink.Stored.Value + Metrics.Sink.Rejected.Value < _exchange.TotalProduced)
        {
            if (_clock.GetElapsedTime(started) > CatchUpTimeout)
            {
                throw new WarehouseException(
                    $"Not everything the exchange produced was stored within {CatchUpTimeout}; see trade-ingest status.");
            }

            await LookAsync(onLook, cancellationToken);
        }
    }

    private IReadOnlyList<IdRange> Missing(SimulatedMarket market, Symbol symbol)
    {
        var first = market.Symbol(symbol.Ticker).FirstId + _exchange.Description!.Sessions[^1].FirstK[symbol.Ticker];

        // What an earlier run was about to produce when it was cut short lies in between, and counts as traded.
        var captured = Ingest.Pipeline.Tracker.Coverage(symbol);
        if (!captured.IsEmpty) first = Math.Min(first, captured.Min);
        var last = market.Symbol(symbol.Ticker).FirstId + _exchange.Produced(symbol.Ticker) - 1;
        return last < first ? [] : Ingest.Pipeline.Tracker.Missing(symbol, new IdRange(first, last));
    }

    private async Task LookAsync(Action onLook, CancellationToken cancellationToken)
    {
        onLook();
        await Task.Delay(Look, _clock, cancellationToken);
        Service.ThrowIfFailed();
    }

    /// <summary>What must be stored now: of each ticker everything since its capture began, in this run or an earlier one.</summary>
    private Dictionary<string, TradeSpan> AllProduced()
    {
        var market = new SimulatedMarket(_exchange.Description!);
        var first = _exchange.Description!.Sessions[^1].FirstK;
        var symbols = Service.Services.GetRequiredService<SymbolTable>();
        var produced = new Dictionary<string, TradeSpan>(StringComparer.Ordinal);
        foreach (var listing in _exchange.Description.Listings)
        {
            var captured = Ingest.Pipeline.Tracker.Coverage(symbols.Intern(listing.Ticker));
            var firstId = market.Symbol(listing.Ticker).FirstId;
            var isNew = first.TryGetValue(listing.Ticker, out var start) && start == 0;
            if (captured.IsEmpty && !isNew) continue;
            produced[listing.Ticker] = new TradeSpan(
                isNew ? 0 : captured.Min - firstId,
                first.ContainsKey(listing.Ticker) ? _exchange.Produced(listing.Ticker) : captured.Max + 1 - firstId);
        }

        return produced;
    }
}
