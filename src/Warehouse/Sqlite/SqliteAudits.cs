using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Recomputes every invariant over an embedded warehouse, in one read transaction, so that it may run beside a writer.
/// </summary>
/// <param name="database">Opened for reading.</param>
/// <param name="options">As the writer has them.</param>
/// <param name="oracle">Who knows the truth, if anybody does.</param>
/// <param name="progress">Told the number of facts read so far, now and then.</param>
public sealed class SqliteAudits(
    SqliteDatabase database, SqliteWarehouseOptions options, ITradeOracle? oracle = null, IProgress<long>? progress = null)
{
    public IReadOnlyList<AuditResult> Run()
    {
        database.Execute("BEGIN");
        try
        {
            var versions = SqliteReads.CurrentVersions(database);
            var results = new List<AuditResult> { Integrity() };
            results.AddRange(new FactAudits(database, new UsdAmount(options.PeggedAssets), oracle, progress).Run(versions));
            results.Add(GapsEqualHoles());
            results.Add(Conservation());
            results.Add(RawEqualsPositions());
            results.Add(ViewsEqualDefinition());
            results.AddRange(DimensionAudits.Run(
                SqliteReads.AllVersions(database), StoredKeys(), SqliteReads.Changes(database), options.Ownership));
            return results;
        }
        finally
        {
            database.Execute("ROLLBACK");
        }
    }

    private AuditResult Integrity()
    {
        var tally = new AuditTally("file_integrity", "every page of the file is sound");
        using var check = database.Prepare("PRAGMA quick_check(20)");
        while (check.Step())
        {
            tally.Examined++;
            if (check.GetText(0) is not "ok" and var fault) tally.Fail($"{fault}");
        }

        return tally.ToResult();
    }

    private AuditResult GapsEqualHoles()
    {
        var tally = new AuditTally("gaps_equal_holes", "the open gaps of a symbol are the holes in its coverage");
        foreach (var symbol in SqliteReads.Coverage(database))
        {
            tally.Examined += symbol.Covered.Count;
            var holes = IdRangeSet.Of([.. symbol.Covered]).Holes().ToHashSet();
            foreach (var gap in symbol.OpenGaps)
            {
                if (!holes.Remove(gap.Ids)) tally.Fail($"{symbol.Key.Ticker}: gap {gap.Ids} is no hole");
            }

            foreach (var hole in holes) tally.Fail($"{symbol.Key.Ticker}: hole {hole} stands in no gap");
        }

        return tally.ToResult();
    }

    private AuditResult Conservation()
    {
        var tally = new AuditTally("conservation", "records read = stored + duplicates + rejected, and the tables hold as many");
        long stored = 0, rejected = 0;
        using (var query = database.Prepare("SELECT epoch, topic, partition, records, stored, duplicates, rejected FROM LOG_POSITIONS"))
        {
            while (query.Step())
            {
                var (records, added, known, refused) = (query.GetInt64(3), query.GetInt64(4), query.GetInt64(5), query.GetInt64(6));
                tally.Examined += records;
                stored += added;
                rejected += refused;
                if (records == added + known + refused) continue;
                tally.Fail($"{query.GetText(1)}/{query.GetInt64(2)}: {records} records, {added} + {known} + {refused}");
            }
        }

        Count("FACT_TRADES", stored);
        Count("REJECTED_TRADES", rejected);
        return tally.ToResult();

        void Count(string table, long expected)
        {
            using var query = database.Prepare($"SELECT count(*) FROM {table}");
            var actual = query.Scalar()!.Value;
            if (actual != expected) tally.Fail($"{table} holds {actual} rows, the positions say {expected}");
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
            if (end > position) tally.Fail($"{partition}: raw reaches past position {position}");
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
        using var query = database.Prepare(
            "SELECT symbol_key FROM DIM_SYMBOL_VERSIONS ORDER BY symbol_id, recorded_from, valid_from");
        while (query.Step()) keys.Add(query.GetInt64(0));
        return keys;
    }
}
