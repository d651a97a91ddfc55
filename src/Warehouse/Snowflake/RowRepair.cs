using System.Text;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// Looks for rows of a channel in its table, and adds through SQL those that streaming did not. Rows are identified by their offset in the
/// log; adding one that is there changes nothing. A few lost rows are an accident; more than that is a table that does not fit, and stops
/// the channel.
/// </summary>
/// <param name="table"><c>STOCK_TRADES_RAW</c> or <c>FACT_TRADES</c>.</param>
/// <param name="limit">Rows that may be added beyond one in a hundred of those that pass.</param>
internal sealed class RowRepair(ISnowflakeSql sql, string table, LogPartition partition, long limit)
{
    private const int BytesPerCall = 1_000_000;

    private long _added;

    private string Place => $"{partition.Topic}/{partition.Partition}";

    /// <returns>How many rows were missing.</returns>
    /// <exception cref="SnowflakeException">Too many are missing, or SQL refuses one too; the message names it.</exception>
    public async Task<int> RestoreAsync(CommittedRows rows, CancellationToken cancellationToken)
    {
        var missing = await MissingAsync(rows, cancellationToken);
        if (missing.Count == 0) return 0;
        if (_added + missing.Count > limit + (rows.RowsOfChannel / 100))
        {
            throw new SnowflakeException(
                SnowflakeFault.RowsRejected,
                $"{missing.Count} rows of {table}, {Place} from offset {rows.Offsets[missing[0]]} on could not be stored{Reported(rows)}, "
                + $"besides {_added} that were added by SQL: too many for an accident. They are in SELECT * FROM ERROR_TABLE({table}); "
                + "nothing more is appended. Does the table fit this version? Run 'trade-ingest migrate "
                + "--target snowflake --dry-run'. Once the table takes rows again, start anew with a higher Snowflake:RepairLimit.");
        }

        for (var first = 0; first < missing.Count;)
        {
            var end = first;
            for (var bytes = 0; end < missing.Count && (end == first || bytes + rows.Row(missing[end]).Length <= BytesPerCall); end++)
            {
                bytes += rows.Row(missing[end]).Length;
            }

            await AddAsync(rows, missing, first, end, cancellationToken);
            first = end;
        }

        _added += missing.Count;
        return missing.Count;
    }

    private async Task<List<int>> MissingAsync(CommittedRows rows, CancellationToken cancellationToken)
    {
        if (await SnowflakeReads.HasExactlyAsync(sql, table, partition, rows.Offsets, cancellationToken)) return [];
        var stored = await SnowflakeReads.OffsetsAsync(sql, table, partition, rows.Offsets[0], rows.Offsets[^1], cancellationToken);
        var missing = new List<int>();
        for (var i = 0; i < rows.Count; i++)
        {
            if (!stored.Contains(rows.Offsets[i])) missing.Add(i);
        }

        return missing;
    }

    /// <summary>Adds rows with one call; if that fails, halves of them, down to the row that is to blame.</summary>
    private async Task AddAsync(CommittedRows rows, List<int> missing, int first, int end, CancellationToken cancellationToken)
    {
        try
        {
            await sql.ExecuteAsync("CALL RESTORE_ROWS(?)", [PayloadOf(rows, missing, first, end)], cancellationToken);
        }
        catch (SnowflakeException failure) when (failure.Fault == SnowflakeFault.Statement && end - first > 1)
        {
            var middle = (first + end) / 2;
            await AddAsync(rows, missing, first, middle, cancellationToken);
            await AddAsync(rows, missing, middle, end, cancellationToken);
        }
        catch (SnowflakeException failure) when (failure.Fault == SnowflakeFault.Statement)
        {
            throw new SnowflakeException(
                SnowflakeFault.RowsRejected,
                $"The row of {table}, {Place} offset {rows.Offsets[missing[first]]} could not be stored{Reported(rows)}, nor added by SQL: "
                + $"{failure.Message} See SELECT * FROM ERROR_TABLE({table}); nothing more is appended. Does the table fit this version? "
                + "Run 'trade-ingest migrate --target snowflake --dry-run'.",
                failure, failure.Code);
        }
    }

    private string PayloadOf(CommittedRows rows, List<int> missing, int first, int end)
    {
        var payload = new StringBuilder(table == SnowflakeWarehouse.FactTable ? "{\"facts\":[" : "{\"raw\":[");
        for (var i = first; i < end; i++)
        {
            if (i > first) payload.Append(',');
            payload.Append(Encoding.UTF8.GetString(rows.Row(missing[i])));
        }

        return payload.Append("]}").ToString();
    }

    private static string Reported(CommittedRows rows) => string.IsNullOrEmpty(rows.Reported) ? "" : $" ({rows.Reported})";
}
