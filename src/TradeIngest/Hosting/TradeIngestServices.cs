using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
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
    /// What only a log shared with other processes has: topics for what is known of symbols, an election, a state beside the log.
    /// </summary>
    public static IServiceCollection AddTradeLog(this IServiceCollection services, ITradeLog log, KafkaOptions kafka)
    {
        services.AddSingleton(log);
        services.TryAddSingleton<SymbolTable>();
        services.TryAddSingleton(provider => log.Elect(
            "reference", provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ReferenceWorker>>()));
        if (!log.IsShared)
        {
            services.TryAddSingleton<ICaptureState>(provider => new WarehouseCaptureState(
                provider.GetRequiredService<IWarehouse>(), provider.GetRequiredService<SinkWorker>().CaughtUp,
                provider.GetRequiredService<SymbolTable>()));
            return services;
        }

        services.TryAddSingleton<ISymbolChangeLog>(_ => new SymbolChangesTopic(log));
        services.TryAddSingleton(provider => new SymbolGate(
            log, provider.GetRequiredService<IWarehouse>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SymbolGate>>()));
        services.TryAddSingleton<ICaptureState>(provider => new LogCaptureState(
            log, provider.GetRequiredService<ContinuityTracker>(), kafka.TailRecords, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        return services;
    }

    public static IServiceCollection AddExchange(this IServiceCollection services, ExchangeOptions options)
    {
        var rest = new Uri(options.Rest.EndsWith('/') ? options.Rest : options.Rest + "/");
        services.TryAddSingleton<IExchange>(provider =>
        {
            var clock = provider.GetRequiredService<TimeProvider>();
            return new BinanceExchange(
                new BinanceExchangeOptions(
                    rest, options.Stream, options.Clock, () => WebSocketTransport.Create(options.Transport, options.Stream)),
                provider.GetRequiredService<SymbolTable>(), clock, provider.GetRequiredService<Random>(),
                provider.GetRequiredService<ILoggerFactory>());
        });
        services.TryAddSingleton(provider => new SymbolSelection(
            provider.GetRequiredService<IExchange>(), options.Tickers, Diagnostics.Secrets.Shown(rest)));
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
        services.TryAddSingleton<SinkMetrics>();
        services.TryAddSingleton(provider => new TopicSinkParts(
            provider.GetRequiredService<ITradeLog>(), warehouse, provider.GetRequiredService<SymbolTable>(),
            provider.GetService<SymbolGate>(),
            provider.GetRequiredService<SinkMetrics>(), isReset, provider.GetRequiredService<TimeProvider>()));

        // Asking a warehouse where it stands may make a checkpoint, which is not worth more often than the operator wants one.
        var trimInterval = checkpointInterval > options.TrimInterval ? checkpointInterval : options.TrimInterval;
        return services.AddWorker(provider =>
        {
            var log = provider.GetRequiredService<ITradeLog>();
            var trimmer = log.IsShared ? null : new LogTrimmer(
                log, warehouse, options.Trim, trimInterval, provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<LogTrimmer>>());
            return new SinkWorker(
                provider.GetRequiredService<TopicSinkParts>(), provider.GetRequiredService<ILoggerFactory>(),
                provider.GetRequiredService<ServiceFailure>(), trimmer);
        });
    }

    public static IServiceCollection AddReference(this IServiceCollection services, ServiceOptions options, DataFolder folder)
    {
        var reference = options.Reference;
        services.TryAddSingleton(provider =>
        {
            var log = provider.GetRequiredService<ITradeLog>() as KafkaTradeLog;
            Func<ISymbolChangeLog, ChangeEventTopic?>? openEvents = log is null || reference.ChangeEventsTopic is not { } topic ? null
                : changes => new ChangeEventTopic(
                    log, topic, changes, provider.GetRequiredService<TimeProvider>(),
                    provider.GetRequiredService<ILogger<ChangeEventTopic>>());
            return new ReferenceSources(
                provider.GetRequiredService<SymbolSelection>(), reference.File
                    ?? folder.ReferenceFile, reference.ChangeEvents, reference.Interval,
                options.Exchange.InfoInterval, openEvents);
        });
        return services.AddWorker(provider => ActivatorUtilities.CreateInstance<ReferenceWorker>(provider));
    }

    public static IServiceCollection AddIngest(this IServiceCollection services, ServiceOptions options)
    {
        services.TryAddSingleton<ContinuityTracker>();
        services.TryAddSingleton<SymbolDescriptions>();
        services.TryAddSingleton(provider => new IngestPipeline(
            provider.GetRequiredService<ITradeLog>(), options.Exchange.Channel, provider.GetRequiredService<ContinuityTracker>(),
            provider.GetRequiredService<ICaptureState>().Ledger, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.TryAddSingleton(provider => new GapBackfill(
            provider.GetRequiredService<IExchange>().History, provider.GetRequiredService<ContinuityTracker>(),
            provider.GetRequiredService<IngestPipeline>().Channel.WaitForRoomAsync, options.Exchange.Backfill,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<GapBackfill>>()));
        services.TryAddSingleton(provider => new IngestParts(
            provider.GetRequiredService<SymbolSelection>(), provider.GetRequiredService<SymbolDescriptions>(),
            provider.GetRequiredService<ICaptureState>(), provider.GetRequiredService<SymbolTable>(),
            options.Exchange.Channel.Policy == FullPolicy.Wait, options.Kafka.StateInterval));
        return services.AddWorker(provider => ActivatorUtilities.CreateInstance<IngestWorker>(provider));
    }

    private static IServiceCollection AddWorker<T>(this IServiceCollection services, Func<IServiceProvider, T> create)
        where T : Worker
    {
        services.TryAddSingleton<ServiceFailure>();
        services.AddSingleton(create);
        services.AddSingleton<Worker>(provider => provider.GetRequiredService<T>());
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<T>());
    }
}
