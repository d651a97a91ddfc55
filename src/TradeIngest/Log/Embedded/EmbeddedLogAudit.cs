using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Log.Embedded;

/// <summary>
/// Reads an embedded log from its first record kept to its end, beside a running writer, and tells whether it is what was appended.
/// </summary>
internal static class EmbeddedLogAudit
{
    /// <param name="path">The log's file.</param>
    /// <param name="positions">How far the warehouse beside it has loaded which log.</param>
    /// <param name="cancellationToken">Ends the statement that runs.</param>
    public static IEnumerable<AuditResult> Run(
        string path, IReadOnlyList<KeyValuePair<LogPartition, long>> positions, CancellationToken cancellationToken = default)
    {
        using var database = SqliteDatabase.OpenForReading(path, cancellationToken);
        database.Execute("BEGIN");
        return [Integrity(database), Batches(database), Positions(database, positions)];
    }

    private static AuditResult Integrity(SqliteDatabase database)
    {
        var tally = new AuditTally("log_file_integrity", "every page of the log's file is sound");
        database.Execute("PRAGMA cell_size_check = ON");
        using var check = database.Prepare("PRAGMA integrity_check(20)");
        while (check.Step())
        {
            tally.Examined++;
            if (check.GetText(0) is not "ok" and var fault) tally.Fail($"{fault}");
        }

        return tally.ToResult();
    }

    private static AuditResult Batches(SqliteDatabase database)
    {
        var tally = new AuditTally("log_as_written", "every record of the log is as it was appended, and none is missing");
        using var ends = database.Prepare("SELECT topic, partition, first_offset, next_offset FROM LOG_ENDS");
        var kept = 0L;
        while (ends.Step()) kept += Batches(database, tally, ends.GetText(0), ends.GetInt32(1), ends.GetInt64(2), ends.GetInt64(3));
        using var count = database.Prepare("SELECT count(*) FROM LOG_BATCHES");
        if (count.Scalar() is var all && all != kept) tally.Fail($"{all - kept} batches belong to no partition");
        return tally.ToResult();
    }

    private static long Batches(SqliteDatabase database, AuditTally tally, string topic, int partition, long first, long next)
    {
        var count = 0L;
        using var batches = database.Prepare(
            """
            SELECT base_offset, record_count, appended_at, checksum, records FROM LOG_BATCHES
            WHERE topic = ? AND partition = ? ORDER BY base_offset
            """);
        batches.Bind(1, topic).Bind(2, partition);
        while (batches.Step())
        {
            var (offset, records) = (batches.GetInt64(0), batches.GetInt32(1));
            if (offset != first) tally.Fail($"{topic}/{partition}: offset {first} is expected, {offset} follows");
            if (!BatchChecksum.Matches(batches.GetInt64(3), topic, partition, offset, records, batches.GetInt64(2), batches.GetBytes(4)))
            {
                tally.Fail($"{topic}/{partition} offsets {offset} to {offset + records - 1}: the bytes are not those that were appended");
            }

            tally.Examined += records;
            first = offset + records;
            count++;
        }

        if (first != next) tally.Fail($"{topic}/{partition}: the records end at offset {first}, the log at {next}");
        return count;
    }

    private static AuditResult Positions(SqliteDatabase database, IReadOnlyList<KeyValuePair<LogPartition, long>> positions)
    {
        var tally = new AuditTally("log_covers_positions", "the log is the one that was loaded, and reaches as far");
        using var info = database.Prepare("SELECT epoch FROM LOG_INFO");
        var epoch = info.Step() ? info.GetText(0) : "";
        info.Reset();
        if (positions.Count > 0 && !positions.Any(position => position.Key.Epoch == epoch))
        {
            tally.Fail($"nothing of this log ({epoch}) was loaded, but of another");
        }

        using var end = database.Prepare("SELECT next_offset FROM LOG_ENDS WHERE topic = ? AND partition = ?");
        foreach (var (partition, next) in positions.Where(position => position.Key.Epoch == epoch))
        {
            tally.Examined++;
            var ends = end.Bind(1, partition.Topic).Bind(2, partition.Partition).Scalar() ?? 0;
            if (ends < next) tally.Fail($"{partition.Topic}/{partition.Partition} ends at offset {ends}, loaded up to {next}");
        }

        return tally.ToResult();
    }
}
