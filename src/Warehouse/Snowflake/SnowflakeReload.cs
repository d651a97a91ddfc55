using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// Empties what was loaded from the log, and drops its channels, so that the next start reads the log again from its first record. The
/// dimension stays. Rows older than the log's first record are gone.
/// </summary>
/// <param name="sql">With the owner's role. No sink may run.</param>
public sealed class SnowflakeReload(ISnowflakeSql sql, StreamingClient streaming, ObjectNames names)
{
    private static readonly string[] Streamed = ["STOCK_TRADES_RAW", "FACT_TRADES"];

    // The positions last: as long as they are there it can be repeated.
    private static readonly string[] Loaded = [.. Streamed, "REJECTED_TRADES", "TRADE_COVERAGE", "TRADE_GAPS", "LOG_POSITIONS"];

    /// <returns>The channels that are no more.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken = default)
    {
        var channels = await ChannelsAsync(cancellationToken);
        foreach (var table in Streamed)
        {
            foreach (var channel in channels)
            {
                await streaming.DropChannelAsync(
                    new ChannelAddress(
                        PipeAddress.OfTable(
                            names.Database, names.Schema, table), channel), evenIfUncommitted: true, cancellationToken: cancellationToken);
            }
        }

        foreach (var table in Loaded) await sql.ExecuteAsync($"TRUNCATE TABLE {table}", [], cancellationToken);
        return channels;
    }

    // Rows may be there of partitions that no checkpoint knows yet.
    private async Task<IReadOnlyList<string>> ChannelsAsync(CancellationToken cancellationToken)
    {
        var channels = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var table in (string[])["LOG_POSITIONS", .. Streamed])
        {
            var partitions = await sql.ExecuteAsync(
                $"SELECT DISTINCT LOG_EPOCH, LOG_TOPIC, LOG_PARTITION FROM {table}", [], cancellationToken);
            foreach (var row in partitions.Rows)
            {
                channels.Add(ChannelName.Of((string)row[0]!, (string)row[1]!, (int)SqlResult.Whole(row[2])));
            }
        }

        return [.. channels];
    }
}
