using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Streaming;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>The Snowflake warehouse as configured, with the key it signs in with. What happens on the way is logged.</summary>
internal sealed class SnowflakeStore : IWarehouse
{
    private readonly SnowflakeWarehouse _warehouse;
    private readonly KeyPairTokens _keys;

    private SnowflakeStore(SnowflakeWarehouse warehouse, KeyPairTokens keys) => (_warehouse, _keys) = (warehouse, keys);

    /// <exception cref="SnowflakeException">The key cannot be used.</exception>
    /// <exception cref="WarehouseException">Snowflake cannot be used as configured; the message says what to do.</exception>
    public static async Task<SnowflakeStore> OpenAsync(ServiceOptions options, TimeProvider clock, ILogger<SnowflakeStore> logger)
    {
        var snowflake = options.Snowflake;
        var keys = snowflake.NewKeys(clock);
        try
        {
            var warehouse = await SnowflakeWarehouse.OpenAsync(
                snowflake.NewSql(keys, snowflake.TransformerRole, clock), snowflake.NewStreaming(
                    keys, clock, notice => Log(logger, notice)),
                WarehouseOptionsOf(options), clock);
            return new SnowflakeStore(warehouse, keys);
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    public static SnowflakeWarehouseOptions WarehouseOptionsOf(ServiceOptions options) => new()
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

    public int RecordsPerLoad => _warehouse.RecordsPerLoad;

    public ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken) =>
        _warehouse.PositionsAsync(cancellationToken);

    public ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken) =>
        _warehouse.LoadAsync(batch, cancellationToken);

    public ValueTask CommittedAsync(LogPartition partition, long offset, CancellationToken cancellationToken) =>
        _warehouse.CommittedAsync(partition, offset, cancellationToken);

    public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
        _warehouse.ApplyAsync(changes, cancellationToken);

    public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken) =>
        _warehouse.ChangesAsync(source, cancellationToken);

    public ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(
        ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken) =>
        _warehouse.ContentsAsync(trades, cancellationToken);

    public ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken) =>
        _warehouse.CoverageAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _keys.Dispose();
    }

    private static void Log(ILogger logger, StreamingNotice notice)
    {
        // Waiting for rows in flight repeats at every look.
        var level = notice.Kind is NoticeKind.WaitingForCommit ? LogLevel.Debug : LogLevel.Warning;
        logger.SnowflakeNotice(level, notice.Channel?.ToString() ?? "all channels", notice.Kind, notice.Detail);
    }
}
