using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
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
            var facts = new FactAudits(versions, SqliteReads.Coverage(database), new UsdAmount(options.PeggedAssets), oracle, progress);
            foreach (var fact in Facts()) facts.Add(fact);
            results.AddRange(facts.Finish(RejectedIds()));
            results.Add(CoverageAudits.GapsEqualHoles(SqliteReads.Coverage(database)));
            results.Add(Conservation());
            results.Add(RawEqualsPositions());
            results.Add(ViewsEqualDefinition());
            results.Add(SegmentsEqualFacts());
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

    private AuditResult SegmentsEqualFacts()
    {
        var tally = new AuditTally(
            "segments_equal_facts", "FACT_SEGMENTS counts every fact once and knows between which trade times its facts lie");
        long inSegments = 0;
        using (var query = database.Prepare(
            """
            SELECT s.segment_id, s.facts, s.first_trade_time, s.last_trade_time, count(f.row_id), min(f.trade_time), max(f.trade_time)
            FROM FACT_SEGMENTS AS s LEFT JOIN FACT_TRADES AS f ON f.row_id >= s.segment_id << 40 AND f.row_id < (s.segment_id + 1) << 40
            GROUP BY s.segment_id
            """))
        {
            while (query.Step())
            {
                var (facts, first, last) = (query.GetInt64(1), query.GetInt64(2), query.GetInt64(3));
                inSegments += facts;
                tally.Examined += facts;
                var (held, earliest, latest) = (query.GetInt64(4), query.GetInt64(5), query.GetInt64(6));
                if ((facts, first, last) == (held, earliest, latest)) continue;
                tally.Fail($"segment {query.GetInt64(0)}: {facts} facts at {first} to {last}, it holds {held} at {earliest} to {latest}");
            }
        }

        using var count = database.Prepare("SELECT count(*) FROM FACT_TRADES");
        var all = count.Scalar()!.Value;
        if (all != inSegments) tally.Fail($"FACT_TRADES holds {all} rows, the segments {inSegments}");
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

    private IEnumerable<StoredFact> Facts()
    {
        using var facts = database.Prepare(
            """
            SELECT fact_id, symbol_key, trade_time, price, quantity, total_amount_usd, aggressor_side, quality_flags
            FROM FACT_TRADES ORDER BY row_id
            """);
        while (facts.Step())
        {
            yield return new StoredFact(
                facts.GetInt64(0),
                facts.GetInt64(1),
                new Timestamp(facts.GetInt64(2)),
                new Price(facts.GetInt64(3)),
                new Quantity(facts.GetInt64(4)),
                facts.IsNull(5) ? null : new Amount(facts.GetInt64(5)),
                (AggressorSide)facts.GetInt64(6),
                (QualityFlags)facts.GetInt64(7));
        }
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
