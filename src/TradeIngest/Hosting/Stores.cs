using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Workers;
using Crypto.Warehouse;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The durable ends of the service, opened together and closed together: under the data folder's lock, where one of them is a file in it.
/// </summary>
internal sealed class Stores : IAsyncDisposable
{
    private readonly IDisposable? _lock;
    private readonly IWarehouse? _warehouse;
    private readonly TimeSpan _closeTimeout;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    private Stores(
        DataFolder folder, IDisposable? folderLock, ITradeLog log, IWarehouse? warehouse, ServiceOptions options, TimeProvider clock,
        ILogger logger)
    {
        _closeTimeout = options.DrainTimeout;
        _clock = clock;
        _logger = logger;
        _lock = folderLock;
        _warehouse = warehouse;
        Folder = folder;
        Log = log;
        CheckpointInterval = options.Warehouse.Target == WarehouseTarget.Snowflake ? options.Snowflake.CheckpointInterval : TimeSpan.Zero;
    }

    public DataFolder Folder { get; }

    public ITradeLog Log { get; }

    /// <exception cref="InvalidOperationException">The roles it was opened for need none.</exception>
    public IWarehouse Warehouse => _warehouse ?? throw new InvalidOperationException("No role of this process needs a warehouse.");

    /// <summary>Least time between two checkpoints of the warehouse; zero where each batch is one.</summary>
    public TimeSpan CheckpointInterval { get; }

    /// <exception cref="StorageException">The folder is in use or a store cannot be used.</exception>
    /// <exception cref="WarehouseException">A store was written by a newer version.</exception>
    /// <exception cref="LogException">The log does not fit its configuration.</exception>
    /// <exception cref="OperationCanceledException">Canceled while an older warehouse was migrated; nothing was changed.</exception>
    public static async Task<Stores> OpenAsync(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken,
        Role roles = Role.All)
    {
        var hasSink = roles.HasFlag(Role.Sink);
        var isInFolder = options.Log.Kind == LogKind.Embedded || (hasSink && options.Warehouse.Target == WarehouseTarget.Embedded);
        var folderLock = isInFolder ? folder.Lock() : null;
        ITradeLog? log = null;
        try
        {
            log = await OpenLogAsync(folder, options, clock, loggers);
            return new Stores(
                folder, folderLock, log, hasSink ? await OpenWarehouseAsync(folder, options, clock, loggers, cancellationToken) : null,
                options, clock, loggers.CreateLogger<Stores>());
        }
        catch
        {
            if (log is not null) await log.DisposeAsync();
            folderLock?.Dispose();
            throw;
        }
    }

    /// <summary>The log alone: what needs no warehouse needs no lock either, where the log is not a file.</summary>
    public static async Task<ITradeLog> OpenLogAsync(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers) => options.Log.Kind switch
        {
            LogKind.Kafka => await KafkaTradeLog.OpenAsync(
                options.Kafka with { CloseTimeout = options.DrainTimeout }, TopicPlan.All(options.Kafka, options.Log.Partitions), clock,
                loggers.CreateLogger<KafkaTradeLog>(), CancellationToken.None),
            _ => EmbeddedTradeLog.Open(
                folder.Log,
                new EmbeddedTradeLogOptions { Partitions = options.Log.Partitions ?? 1, PollInterval = options.Log.PollInterval },
                clock),
        };

    /// <summary>
    /// The warehouse alone. One process writes the embedded one; several may write Snowflake, each the partitions it is given.
    /// </summary>
    public static async Task<IWarehouse> OpenWarehouseAsync(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken) =>
        options.Warehouse.Target switch
        {
            WarehouseTarget.Snowflake =>
                await OpenSnowflakeAsync(options, clock, loggers.CreateLogger<SnowflakeWarehouse>(), cancellationToken),
            _ => OpenEmbedded(folder, options, clock, loggers, cancellationToken),
        };

    /// <summary>The embedded warehouse, migrated where it is of an older version.</summary>
    public static SqliteWarehouse OpenEmbedded(
        DataFolder folder, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken,
        IProgress<long>? progress = null) =>
        SqliteWarehouse.Open(
            folder.Warehouse, WarehouseOptionsOf(options, progress), clock, new MigrationLog(loggers.CreateLogger<SqliteWarehouse>()),
            cancellationToken);

    /// <summary>The Snowflake warehouse as configured. What happens on the way is logged.</summary>
    /// <exception cref="SnowflakeException">The key cannot be used.</exception>
    /// <exception cref="WarehouseException">Snowflake cannot be used as configured; the message says what to do.</exception>
    public static Task<SnowflakeWarehouse> OpenSnowflakeAsync(
        ServiceOptions options, TimeProvider clock, ILogger<SnowflakeWarehouse> logger, CancellationToken cancellationToken)
    {
        var snowflake = options.Snowflake;
        var keys = snowflake.NewKeys(clock);
        return SnowflakeWarehouse.OpenAsync(
            snowflake.NewSql(keys, snowflake.TransformerRole, clock),
            snowflake.NewStreaming(keys, clock, notice => Write(logger, notice)),
            keys, SnowflakeOptionsOf(options), clock, cancellationToken);
    }

    public static SnowflakeWarehouseOptions SnowflakeOptionsOf(ServiceOptions options) => new()
    {
        Database = options.Snowflake.Database,
        Schema = options.Snowflake.Schema,
        CheckpointInterval = options.Snowflake.CheckpointInterval,
        HealthInterval = options.Snowflake.HealthInterval,
        RepairLimit = options.Snowflake.RepairLimit,
        UncommittedRecords = options.Snowflake.UncommittedRecords,
        PeggedAssets = options.Warehouse.Pegged,
        Ownership = options.Warehouse.Ownership,
        RekeyLimit = options.Warehouse.RekeyLimit,
    };

    public static SqliteWarehouseOptions WarehouseOptionsOf(ServiceOptions options, IProgress<long>? progress = null) => new()
    {
        Progress = progress,
        PeggedAssets = options.Warehouse.Pegged,
        Ownership = options.Warehouse.Ownership,
        RekeyLimit = options.Warehouse.RekeyLimit,
    };

    public async ValueTask DisposeAsync()
    {
        var isClosed = _warehouse is null
            || await BoundedDisposal.DisposeAsync(_warehouse, "The warehouse", _closeTimeout, _clock, _logger);
        isClosed &= await BoundedDisposal.DisposeAsync(Log, "The log", _closeTimeout, _clock, _logger);

        // What is left behind may still write: then the lock goes with the process.
        if (isClosed) _lock?.Dispose();
    }

    private static void Write(ILogger logger, StreamingNotice notice)
    {
        // Waiting for rows in flight repeats at every look.
        var level = notice.Kind is NoticeKind.WaitingForCommit ? LogLevel.Debug : LogLevel.Warning;
        logger.SnowflakeNotice(level, notice.Channel?.ToString() ?? "all channels", notice.Kind, notice.Detail);
    }

    private sealed class MigrationLog(ILogger logger) : IProgress<MigrationProgress>
    {
        // A warning: it keeps the operator waiting, and shows at every level that commands log at but the demo's.
        public void Report(MigrationProgress value) => logger.Migrating(value);
    }
}
