using System.Text.Json;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>How much an audit reads.</summary>
public enum AuditScope
{
    /// <summary>Everything.</summary>
    Full,

    /// <summary>
    /// The smaller tables, and of facts and raw records the newest: a daily look that takes no longer as the warehouse grows.
    /// </summary>
    Quick,
}

/// <summary>
/// Recomputes every invariant over an embedded warehouse, in one read transaction, so that it may run beside a writer.
/// </summary>
/// <param name="database">Opened for reading.</param>
/// <param name="options">As the writer has them.</param>
/// <param name="oracle">Who knows the truth, if anybody does.</param>
/// <param name="progress">Receives the number of facts read so far, now and then.</param>
public sealed class SqliteAudits(
    SqliteDatabase database, SqliteWarehouseOptions options, ITradeOracle? oracle = null, IProgress<long>? progress = null)
{
    /// <summary>Every result; of a file with damaged pages those up to the damage.</summary>
    public IReadOnlyList<AuditResult> Run(AuditScope scope = AuditScope.Full)
    {
        var integrity = new AuditTally("file_integrity", "every page of the file is sound, and every value can be read");
        var results = new List<AuditResult>();
        database.Execute("BEGIN");
        try
        {
            CheckIntegrity(integrity, scope);
            results.AddRange(RunAll(scope));
        }
        catch (StorageException failure) when (failure.Fault == StorageFault.Damaged)
        {
            integrity.Fail($"{failure.Message}");
        }
        catch (Exception failure) when (
            failure is FormatException or JsonException or ArgumentException or InvalidOperationException or OverflowException)
        {
            integrity.Fail($"a table holds a value that this service never writes: {failure.Message}");
        }
        finally
        {
            database.Execute("ROLLBACK");
        }

        return [integrity.ToResult(), .. results];
    }

    private IEnumerable<AuditResult> RunAll(AuditScope scope)
    {
        yield return TablesAsWritten();
        foreach (var result in scope == AuditScope.Full ? Facts() : NewestFacts()) yield return result;
        yield return CoverageAudits.GapsEqualHoles(SqliteReads.Coverage(database));
        yield return Conservation();
        yield return NoConflicts();
        yield return RawEqualsPositions();
        if (scope == AuditScope.Full) yield return ViewsEqualDefinition();
        var dimension = DimensionAudits.Run(
            SqliteReads.AllVersions(database), StoredKeys(), SqliteReads.Changes(database), options.Ownership);
        foreach (var result in dimension) yield return result;
    }

    private IEnumerable<AuditResult> Facts()
    {
        var segments = new SegmentAudit(database);
        var facts = new FactAudits(
            SqliteReads.CurrentVersions(database), SqliteReads.Coverage(database), new UsdAmount(options.PeggedAssets), oracle, progress);
        foreach (var fact in segments.ReadAll()) facts.Add(fact);
        return [.. facts.Finish(RejectedIds()), segments.Result(), .. new RawAudits(database).RunAll()];
    }

    private IEnumerable<AuditResult> NewestFacts()
    {
        const int Segments = 64;
        const int Runs = 64;
        var segments = new SegmentAudit(database);
        segments.ReadNewest(Segments);
        return [segments.Result(), new RawAudits(database).CheckNewest(Runs)];
    }

    private void CheckIntegrity(AuditTally tally, AuditScope scope)
    {
        if (scope == AuditScope.Full) database.Execute("PRAGMA cell_size_check = ON");
        using var check = database.Prepare(scope == AuditScope.Full ? "PRAGMA integrity_check(20)" : "PRAGMA quick_check(20)");
        while (check.Step())
        {
            tally.Examined++;
            if (check.GetText(0) is not "ok" and var fault) tally.Fail($"{fault}");
        }
    }

    private AuditResult TablesAsWritten()
    {
        var tally = new AuditTally("tables_as_written", "the smaller tables hold what the service wrote, and nothing else");
        using var query = database.Prepare("SELECT checksum FROM TABLE_CHECKSUMS WHERE table_name = ?");
        foreach (var table in TableChecksums.Tables)
        {
            tally.Examined++;
            var expected = query.Bind(1, table).Scalar();
            if (expected != TableChecksums.Of(database, table)) tally.Fail($"{table}: its rows are not those that were written");
        }

        return tally.ToResult();
    }

    private AuditResult NoConflicts()
    {
        var tally = new AuditTally("no_conflicts", "no trade came with another content than the one stored");
        using var query = database.Prepare(
            "SELECT ticker, trade_id, topic, partition, offset FROM REJECTED_TRADES WHERE error_reason = 'content_conflict' ORDER BY "
                + "ticker, trade_id");
        using var count = database.Prepare("SELECT count(*) FROM REJECTED_TRADES");
        tally.Examined = count.Scalar()!.Value;
        while (query.Step())
        {
            var (ticker, id) = (query.GetText(0), query.GetInt64(1));
            var place = $"{query.GetText(2)}/{query.GetInt64(3)} offset {query.GetInt64(4)}";
            tally.Fail($"{ticker} {id}: {place} says otherwise (REJECTED_TRADES); replay --correct with a file that is right");
        }

        return tally.ToResult();
    }

    private AuditResult Conservation()
    {
        var tally = new AuditTally("conservation", "records read = stored + duplicates + rejected + verdicts, and the tables hold as many");
        long stored = 0, rejected = 0;
        using (var query = database.Prepare(
            "SELECT epoch, topic, partition, records, stored, duplicates, rejected, verdicts FROM LOG_POSITIONS"))
        {
            while (query.Step())
            {
                var (records, added, known, refused) = (query.GetInt64(3), query.GetInt64(4), query.GetInt64(5), query.GetInt64(6));
                var verdicts = query.GetInt64(7);
                tally.Examined += records;
                stored += added;
                rejected += refused;
                if (records == added + known + refused + verdicts) continue;
                tally.Fail($"{query.GetText(1)}/{query.GetInt64(2)}: {records} records, {added} + {known} + {refused} + {verdicts}");
            }
        }

        // That the segments count their facts rightly is an audit of its own.
        Count("FACT_TRADES", "SELECT coalesce(sum(facts), 0) FROM FACT_SEGMENTS", stored);
        Count("REJECTED_TRADES", "SELECT count(*) FROM REJECTED_TRADES", rejected);
        Count("TRADE_COVERAGE", "SELECT coalesce(sum(to_id - from_id + 1), 0) FROM TRADE_COVERAGE WHERE state = 'STORED'", stored);
        return tally.ToResult();

        void Count(string table, string sql, long expected)
        {
            using var query = database.Prepare(sql);
            var actual = query.Scalar()!.Value;
            if (actual != expected) tally.Fail($"{table} holds {actual} trades, the positions say {expected}");
        }
    }

    private AuditResult RawEqualsPositions()
    {
        var tally = new AuditTally("raw_equals_positions", "every record read from the log stands in STOCK_TRADES_RAW once");
        using var query = database.Prepare(
            """
            SELECT p.epoch, p.topic, p.partition, p.records, p.next_offset,
                   coalesce(sum(b.record_count), 0), coalesce(max(b.first_offset + b.record_count), 0)
            FROM LOG_POSITIONS AS p LEFT JOIN RAW_BATCHES AS b USING (epoch, topic, partition)
            GROUP BY p.epoch, p.topic, p.partition
            HAVING p.stored > 0 OR count(b.first_offset) > 0
            """);
        while (query.Step())
        {
            var partition = $"{query.GetText(1)}/{query.GetInt64(2)}";
            var (read, position, kept, end) = (query.GetInt64(3), query.GetInt64(4), query.GetInt64(5), query.GetInt64(6));
            tally.Examined += read;
            if (read != kept) tally.Fail($"{partition}: {read} read, {kept} kept");
            if (end != position && kept > 0) tally.Fail($"{partition}: raw ends at {end}, the position is {position}");
        }

        return tally.ToResult();
    }

    private AuditResult ViewsEqualDefinition()
    {
        var tally = new AuditTally(
            "views_equal_definition", "CONSUMPTION_TRADES shows every fact once, SILVER_TRADES every fact and every rejection");
        using var query = database.Prepare(
            """
            SELECT (SELECT count(*) FROM FACT_TRADES), (SELECT count(*) FROM REJECTED_TRADES),
                   (SELECT count(*) FROM CONSUMPTION_TRADES), (SELECT count(*) FROM SILVER_TRADES)
            """);
        query.Step();
        var (facts, rejected, consumption, silver) = (query.GetInt64(0), query.GetInt64(1), query.GetInt64(2), query.GetInt64(3));
        query.Reset();
        tally.Examined = facts + rejected;
        if (consumption != facts) tally.Fail($"CONSUMPTION_TRADES shows {consumption} rows of {facts} facts");
        if (silver != facts + rejected) tally.Fail($"SILVER_TRADES shows {silver} rows of {facts} facts and {rejected} rejections");
        return tally.ToResult();
    }

    private List<long> StoredKeys()
    {
        var keys = new List<long>();
        using var query = database.Prepare("SELECT symbol_key FROM DIM_SYMBOL_VERSIONS ORDER BY symbol_id, recorded_from, valid_from");
        while (query.Step()) keys.Add(query.GetInt64(0));
        return keys;
    }

    private IEnumerable<(int SymbolId, long TradeId)> RejectedIds()
    {
        using var query = database.Prepare(
            """
            SELECT symbol_id, trade_id FROM REJECTED_TRADES
            WHERE symbol_id IS NOT NULL AND trade_id BETWEEN 0 AND 1099511627775 ORDER BY symbol_id, trade_id
            """);
        while (query.Step()) yield return (query.GetInt32(0), query.GetInt64(1));
    }
}
