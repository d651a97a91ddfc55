using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>The durable ends of the service, opened together under the data folder's lock and closed together.</summary>
internal sealed class Stores : IAsyncDisposable
{
    private readonly IDisposable _lock;

    private Stores(IDisposable folderLock, ITradeLog log, IWarehouse warehouse, TimeSpan checkpointInterval)
    {
        _lock = folderLock;
        CheckpointInterval = checkpointInterval;
        Log = log;
        Warehouse = warehouse;
    }

    public SymbolTable Symbols { get; } = new();

    public ITradeLog Log { get; }

    public IWarehouse Warehouse { get; }

    /// <summary>Least time between two checkpoints of the warehouse; zero where each batch is one.</summary>
    public TimeSpan CheckpointInterval { get; }

    /// <exception cref="StorageException">The folder is in use or a store cannot be used.</exception>
    /// <exception cref="WarehouseException">A store was written by a newer version.</exception>
    /// <exception cref="LogException">The log does not fit its configuration.</exception>
    /// <exception cref="OperationCanceledException">Canceled while an older warehouse was migrated; nothing was changed.</exception>
    public static async Task<Stores> OpenAsync(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var folderLock = folder.Lock();
        ITradeLog? log = null;
        try
        {
            log = await OpenLogAsync(folder, options, clock, loggers);
            return new Stores(
                folderLock, log, await OpenWarehouseAsync(folder, options, clock, loggers, cancellationToken),
                options.Warehouse.Target == WarehouseTarget.Snowflake ? options.Snowflake.CheckpointInterval : TimeSpan.Zero);
        }
        catch
        {
            if (log is not null) await log.DisposeAsync();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>The log alone: what needs no warehouse needs no lock either, where the log is not a file.</summary>
    public static async Task<ITradeLog> OpenLogAsync(DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers) => options.Log.Kind switch
    {
        LogKind.Kafka => await KafkaTradeLog.OpenAsync(
            options.Kafka, TopicPlan.All(options.Kafka, options.Log.Partitions), clock, loggers.CreateLogger<KafkaTradeLog>(), CancellationToken.None),
        _ => EmbeddedTradeLog.Open(folder.Log, new EmbeddedTradeLogOptions { Partitions = options.Log.Partitions ?? 1, PollInterval = options.Log.PollInterval }, clock),
    };

    /// <summary>The warehouse alone. One process writes the embedded one; several may write Snowflake, each the partitions it is given.</summary>
    public static async Task<IWarehouse> OpenWarehouseAsync(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        options.Warehouse.Target switch
        {
            WarehouseTarget.Snowflake => await SnowflakeStore.OpenAsync(options, clock, loggers.CreateLogger<SnowflakeStore>()),
            _ => OpenEmbedded(folder, options, clock, loggers, cancellationToken),
        };

    /// <summary>The embedded warehouse, migrated where it is of an older version.</summary>
    public static SqliteWarehouse OpenEmbedded(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken,
        IProgress<long>? progress = null) =>
        SqliteWarehouse.Open(
            folder.Warehouse, WarehouseOptionsOf(options, progress), clock, new MigrationLog(loggers.CreateLogger<SqliteWarehouse>()),
            cancellationToken);

    public static SqliteWarehouseOptions WarehouseOptionsOf(ServiceOptions options, IProgress<long>? progress = null) => new()
    {
        Progress = progress,
        PeggedAssets = options.Warehouse.Pegged,
        Ownership = options.Warehouse.Ownership,
        RekeyLimit = options.Warehouse.RekeyLimit,
    };

    public async ValueTask DisposeAsync()
    {
        await Warehouse.DisposeAsync();
        await Log.DisposeAsync();
        _lock.Dispose();
    }

    private sealed class MigrationLog(ILogger logger) : IProgress<MigrationProgress>
    {
        // A warning: it keeps the operator waiting, and shows at every level that commands log at but the demo's.
        public void Report(MigrationProgress value) => logger.LogWarning("{Progress}", value);
    }
}
