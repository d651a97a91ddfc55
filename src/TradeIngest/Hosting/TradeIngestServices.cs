using System.Diagnostics.Metrics;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The service's parts, room by room. Stores are given, and remain their owner's; every other part may be replaced by registering another
/// before. Workers start in the order they are added, and stop in the reverse one: what feeds others last, and first.
/// </summary>
internal static class TradeIngestServices
{
    /// <summary>
    /// The log. One that other processes share also carries what the roles tell each other: changes of symbols, what is captured, who
    /// leads.
    /// </summary>
    public static IServiceCollection AddTradeLog(this IServiceCollection services, ITradeLog log, KafkaOptions kafka)
    {
        services.AddSingleton(log);
        services.TryAddSingleton<SymbolTable>();
        services.TryAddSingleton(provider => log.Elect(
            "reference", provider.Get<TimeProvider>(), provider.Get<ILogger<ReferenceWorker>>()));
        if (!log.IsShared)
        {
            services.TryAddSingleton<ICaptureState>(provider => new WarehouseCaptureState(
                provider.Get<IWarehouse>(), provider.Get<SinkWorker>().CaughtUp,
                provider.Get<SymbolTable>()));
            return services;
        }

        services.TryAddSingleton<ISymbolChangeLog>(provider => new SymbolChangesTopic(log, provider.Get<TradeIngestMetrics>()));
        services.TryAddSingleton(provider => new SymbolGate(
            log, provider.Get<IWarehouse>(), provider.Get<TradeIngestMetrics>(), provider.Get<TimeProvider>(),
            provider.Get<ILogger<SymbolGate>>()));
        services.TryAddSingleton<ICaptureState>(provider => new LogCaptureState(
            log, provider.Get<ContinuityTracker>(), kafka.TailRecords, provider.Get<TimeProvider>(),
            provider.Get<ILoggerFactory>()));
        return services;
    }

    /// <param name="folder">Where changes of what is captured are, unless several processes share the work.</param>
    /// <param name="reread">Reads the options again, for those that may change at run time; null where they stay.</param>
    public static IServiceCollection AddExchange(
        this IServiceCollection services, ServiceOptions service, DataFolder folder, Func<ServiceOptions>? reread = null)
    {
        var options = service.Exchange;
        var rest = new Uri(options.Rest.EndsWith('/') ? options.Rest : options.Rest + "/");
        services.TryAddSingleton<IExchange>(provider =>
        {
            var clock = provider.Get<TimeProvider>();
            return new BinanceExchange(
                new BinanceExchangeOptions(
                    rest, options.Stream, options.Clock, () => WebSocketTransport.Create(options.Transport, options.Stream),
                    folder.ExchangeBan),
                clock, provider.Get<Random>(), provider.Get<TradeIngestMetrics>().Stream, provider.Get<ILoggerFactory>());
        });
        services.TryAddSingleton(provider => new SymbolRulesFiles(
            options, service.Log.Kind == LogKind.Kafka ? null : folder.Symbols, reread, provider.Get<ILogger<SymbolRulesFiles>>()));
        services.TryAddSingleton(provider => new SymbolSelection(
            provider.Get<IExchange>(), provider.Get<SymbolRulesFiles>().Read,
            new SymbolSelectionOptions(
                Secrets.Shown(rest), options.InfoInterval, service.Reference.Interval, options.MaxDelistedPercent),
            provider.Get<TimeProvider>(), provider.Get<ILogger<SymbolSelection>>()));
        return services;
    }

    /// <summary>The sink, into the given warehouse.</summary>
    /// <param name="isReset">Whether positions the log cannot go on from are given up.</param>
    /// <param name="checkpointInterval">Least time between two checkpoints of the warehouse; zero where each batch is one.</param>
    public static IServiceCollection AddWarehouse(
        this IServiceCollection services, IWarehouse warehouse, LogOptions options, bool isReset, TimeSpan checkpointInterval)
    {
        // Instances, of which the container disposes none. Changes of symbols go to the warehouse where no shared log takes them.
        services.AddSingleton(warehouse);
        services.TryAddSingleton<ISymbolChangeLog>(warehouse);
        services.TryAddSingleton(provider => new TopicSinkParts(
            provider.Get<ITradeLog>(), warehouse, provider.Get<SymbolTable>(), provider.GetService<SymbolGate>(),
            provider.Get<TradeIngestMetrics>(),
            isReset, provider.Get<TimeProvider>()));

        // Asking a warehouse where it stands may make a checkpoint, which is not worth more often than the operator wants one.
        var trimInterval = checkpointInterval > options.TrimInterval ? checkpointInterval : options.TrimInterval;
        return services.AddWorker(provider =>
        {
            var log = provider.Get<ITradeLog>();
            var trimmer = log.IsShared ? null : new LogTrimmer(
                log, warehouse, options.Trim, trimInterval, provider.Get<TimeProvider>(),
                provider.Get<ILogger<LogTrimmer>>());
            return new SinkWorker(provider.Get<TopicSinkParts>(), provider.Get<ILoggerFactory>(), provider.Get<ServiceFailure>(), trimmer);
        });
    }

    public static IServiceCollection AddReference(this IServiceCollection services, ServiceOptions options, DataFolder folder)
    {
        var reference = options.Reference;
        services.TryAddSingleton(provider =>
        {
            var log = provider.Get<ITradeLog>() as KafkaTradeLog;
            Func<ISymbolChangeLog, ChangeEventTopic?>? openEvents = log is null || reference.ChangeEventsTopic is not { } topic ? null
                : changes => new ChangeEventTopic(
                    log, topic, changes, provider.Get<TradeIngestMetrics>().Reference, provider.Get<TimeProvider>(),
                    provider.Get<ILogger<ChangeEventTopic>>());
            return new ReferenceSources(
                provider.Get<IExchange>(), provider.Get<SymbolSelection>(), reference.File ?? folder.ReferenceFile,
                reference.ChangeEvents, reference.Interval,
                new ExchangeInfoOptions(options.Exchange.InfoInterval, options.Exchange.MaxDelistedPercent), openEvents);
        });
        return services.AddWorker(provider => ActivatorUtilities.CreateInstance<ReferenceWorker>(provider));
    }

    public static IServiceCollection AddIngest(this IServiceCollection services, ServiceOptions options, DataFolder folder)
    {
        services.TryAddSingleton<CapturedSymbols>();
        services.TryAddSingleton(provider => new CapturedFile(folder.Captured, provider.Get<ILogger<CapturedFile>>()));
        services.TryAddSingleton<ContinuityTracker>();
        services.TryAddSingleton<SymbolDescriptions>();
        services.TryAddSingleton(provider => new IngestPipeline(
            provider.Get<ITradeLog>(), options.Exchange.Channel, provider.Get<ContinuityTracker>(),
            provider.Get<ICaptureState>().Ledger, provider.Get<TradeIngestMetrics>(), provider.Get<TimeProvider>(),
            provider.Get<ILoggerFactory>()));
        services.TryAddSingleton(provider => new GapBackfill(
            provider.Get<IExchange>().History, provider.Get<ContinuityTracker>(),
            provider.Get<IngestPipeline>().Channel.WaitForRoomAsync, options.Exchange.Backfill,
            provider.Get<TradeIngestMetrics>(), provider.Get<TimeProvider>(), provider.Get<ILogger<GapBackfill>>()));
        services.TryAddSingleton(provider => new BackfillRequests(
            new BackfillFolder(folder.Backfill), provider.Get<IExchange>().History, RoomOf(provider), options.Exchange.Backfill,
            provider.Get<TradeIngestMetrics>(), provider.Get<TimeProvider>(), provider.Get<ILogger<BackfillRequests>>()));
        services.TryAddSingleton<MissingTrades>();
        services.TryAddSingleton(provider => new IngestParts(
            provider.Get<IExchange>(), provider.Get<ITradeLog>(), provider.Get<SymbolSelection>(), provider.Get<SymbolDescriptions>(),
            provider.Get<ICaptureState>(), provider.Get<SymbolTable>(),
            options.Exchange.Channel.Policy == FullPolicy.Wait, options.Kafka.StateInterval,
            options.Log.Kind == LogKind.Kafka ? null : provider.Get<CapturedFile>().Write));
        return services.AddWorker(provider => ActivatorUtilities.CreateInstance<IngestWorker>(provider));
    }

    private static BackfillRoom RoomOf(IServiceProvider provider)
    {
        var (pipeline, tracker) = (provider.Get<IngestPipeline>(), provider.Get<ContinuityTracker>());
        var disputed = new DisputedTrades(provider.GetService<IWarehouse>(), tracker, ReplayMode.Adding);
        return new BackfillRoom(pipeline.Channel, tracker, provider.Get<SymbolTable>(), disputed);
    }

    /// <summary>The figures of all parts as instruments of one meter, for what listens to it: nothing is exported here.</summary>
    public static IServiceCollection AddTelemetry(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(provider =>
        {
            var metrics = new TradeIngestMetrics(provider.Get<IMeterFactory>().Create(TradeIngestMetrics.MeterName));
            if (provider.GetService<ITradeLog>() is not { } log) return metrics;
            metrics.Log.Stalls.ReadFrom(() => log.Appends.Stalls);
            metrics.Log.Retries.ReadFrom(() => log.Appends.Retries);
            metrics.Log.InFlight.ReadFrom(() => log.Appends.BytesInFlight);
            return metrics;
        });
        return services;
    }

    private static IServiceCollection AddWorker<T>(this IServiceCollection services, Func<IServiceProvider, T> create)
        where T : Worker
    {
        services.TryAddSingleton<ServiceFailure>();
        services.AddSingleton(create);
        services.AddSingleton<Worker>(provider => provider.Get<T>());
        return services.AddSingleton<IHostedService>(provider => provider.Get<T>());
    }

    private static T Get<T>(this IServiceProvider provider)
        where T : notnull => provider.GetRequiredService<T>();
}
