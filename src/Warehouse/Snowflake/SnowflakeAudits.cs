using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// Recomputes every invariant over the warehouse in Snowflake. Coverage, gaps and positions follow the rows in checkpoints: while a sink
/// writes, rows since the last checkpoint count as not covered.
/// </summary>
/// <param name="sql">With a role that may read.</param>
/// <param name="options">As the writer has them.</param>
/// <param name="oracle">Who knows the truth, if anybody does.</param>
/// <param name="progress">Receives the number of facts read so far, now and then.</param>
public sealed class SnowflakeAudits(
    ISnowflakeSql sql, SnowflakeWarehouseOptions options, ITradeOracle? oracle = null, IProgress<long>? progress = null)
{
    private const int FactsPerQuery = 200_000;

    public async Task<IReadOnlyList<AuditResult>> RunAsync(CancellationToken cancellationToken = default)
    {
        var versions = await SnowflakeReads.VersionsAsync(sql, cancellationToken);
        var coverage = await CoverageAsync(cancellationToken);
        var current = versions.Where(row => row.Version.IsCurrent).Select(row => row.Version.Version);
        var facts = new FactAudits(current, coverage, new UsdAmount(options.PeggedAssets), oracle, progress);
        await AddFactsAsync(facts, cancellationToken);
        List<AuditResult> results = [.. facts.Finish(await RejectedIdsAsync(cancellationToken))];
        results.Add(CoverageAudits.GapsEqualHoles(coverage));
        results.Add(await ConservationAsync(cancellationToken));
        results.Add(await RawEqualsPositionsAsync(cancellationToken));
        results.Add(await ViewsEqualDefinitionAsync(cancellationToken));
        var changes = await SnowflakeReads.ChangesAsync(sql, cancellationToken);
        results.AddRange(DimensionAudits.Run(
            [.. versions.Select(row => row.Version)], [.. versions.Select(row => row.Key)], changes, options.Ownership));
        return results;
    }

    private async Task AddFactsAsync(FactAudits audits, CancellationToken cancellationToken)
    {
        // In pages, each after the last fact of the one before; of a fact that stands there twice both are on one page or the next.
        var after = (Id: -1L, Seen: 0);
        while (true)
        {
            var page = await sql.ExecuteAsync(
                "SELECT FACT_ID, SYMBOL_KEY, TRADE_TIME, PRICE, QUANTITY, TOTAL_AMOUNT_USD, AGGRESSOR_SIDE, QUALITY_FLAGS FROM FACT_TRADES "
                + $"WHERE FACT_ID >= ? ORDER BY FACT_ID LIMIT {FactsPerQuery}",
                [after.Id], cancellationToken);
            foreach (var row in page.Rows.Skip(after.Seen))
            {
                var id = SqlResult.Whole(row[0]);
                after = id == after.Id ? (id, after.Seen + 1) : (id, 1);
                audits.Add(new StoredFact(
                    id, SqlResult.Whole(row[1]), SqlResult.Instant(row[2]), new Price(
                        SqlResult.Scaled(row[3])), new Quantity(SqlResult.Scaled(row[4])),
                    row[5] is null ? null
                        : new Amount(SqlResult.Scaled(row[5])), (AggressorSide)SqlResult.Whole(row[6]),
                        (QualityFlags)SqlResult.Whole(row[7])));
            }

            if (page.Rows.Count < FactsPerQuery) return;
        }
    }

    private async Task<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken)
    {
        var ranges = (await SnowflakeReads.CoverageAsync(sql, cancellationToken)).ToLookup(row => row.SymbolId, row => row.Range);
        var gaps = (await SnowflakeReads.OpenGapsAsync(sql, cancellationToken)).ToLookup(row => row.SymbolId, row => row.Gap);
        return [.. (await SnowflakeReads.SymbolsAsync(sql, cancellationToken)).Select(symbol => new SymbolCoverage(
            symbol.Key, symbol.Id, CapturedIds.Of(ranges[symbol.Id]), [.. gaps[symbol.Id].OrderBy(gap => gap.Ids.From)]))];
    }

    private async Task<IReadOnlyList<(int SymbolId, long TradeId)>> RejectedIdsAsync(CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            "SELECT SYMBOL_ID, TRADE_ID FROM REJECTED_TRADES WHERE SYMBOL_ID IS NOT NULL AND TRADE_ID BETWEEN 0 AND 1099511627775", [],
            cancellationToken);
        return [.. result.Rows.Select(row => ((int)SqlResult.Whole(row[0]), SqlResult.Whole(row[1])))];
    }

    private async Task<AuditResult> ConservationAsync(CancellationToken cancellationToken)
    {
        var tally = new AuditTally("conservation", "records read = stored + duplicates + rejected + verdicts, and the tables hold as many");
        var positions = await sql.ExecuteAsync(
            "SELECT LOG_TOPIC, LOG_PARTITION, RECORDS, STORED, DUPLICATES, REJECTED, VERDICTS FROM LOG_POSITIONS", [], cancellationToken);
        long stored = 0, rejected = 0;
        foreach (var row in positions.Rows)
        {
            var (records, added) = (SqlResult.Whole(row[2]), SqlResult.Whole(row[3]));
            var (known, refused, verdicts) = (SqlResult.Whole(row[4]), SqlResult.Whole(row[5]), SqlResult.Whole(row[6]));
            tally.Examined += records;
            stored += added;
            rejected += refused;
            if (records == added + known + refused + verdicts) continue;
            tally.Fail($"{row[0]}/{row[1]}: {records} records, {added} + {known} + {refused} + {verdicts}");
        }

        foreach (var (table, expected) in new[] { ("FACT_TRADES", stored), ("REJECTED_TRADES", rejected) })
        {
            var actual = await CountAsync(table, cancellationToken);
            if (actual != expected) tally.Fail($"{table} holds {actual} rows, the positions say {expected}");
        }

        return tally.ToResult();
    }

    private async Task<AuditResult> RawEqualsPositionsAsync(CancellationToken cancellationToken)
    {
        var tally = new AuditTally("raw_equals_positions", "every record read from the log stands in STOCK_TRADES_RAW once");
        var raw = await sql.ExecuteAsync(
            "SELECT LOG_EPOCH, LOG_TOPIC, LOG_PARTITION, COUNT(*), COUNT(DISTINCT LOG_OFFSET), MAX(LOG_OFFSET) FROM STOCK_TRADES_RAW GROUP "
                + "BY LOG_EPOCH, LOG_TOPIC, LOG_PARTITION",
            [], cancellationToken);
        var kept = raw.Rows.ToDictionary(
            row => (row[0], row[1], SqlResult.Whole(row[2])),
            row => (All: SqlResult.Whole(row[3]), Distinct: SqlResult.Whole(row[4]), Last: SqlResult.Whole(row[5])));
        var positions = await sql.ExecuteAsync(
            "SELECT LOG_EPOCH, LOG_TOPIC, LOG_PARTITION, RECORDS, NEXT_OFFSET, STORED FROM LOG_POSITIONS", [], cancellationToken);
        foreach (var row in positions.Rows)
        {
            var (partition, read) = (SqlResult.Whole(row[2]), SqlResult.Whole(row[3]));
            tally.Examined += read;

            // Dead letters are kept as rejections only.
            if (!kept.TryGetValue((row[0], row[1], partition), out var rows) && SqlResult.Whole(row[5]) == 0) continue;
            if (rows.All != read) tally.Fail($"{row[1]}/{partition}: {read} read, {rows.All} kept");
            if (rows.All != rows.Distinct) tally.Fail($"{row[1]}/{partition}: {rows.All - rows.Distinct} rows stand twice");
            if (rows.Last >= SqlResult.Whole(row[4])) tally.Fail($"{row[1]}/{partition}: raw reaches {rows.Last}, past position {row[4]}");
        }

        return tally.ToResult();
    }

    private async Task<AuditResult> ViewsEqualDefinitionAsync(CancellationToken cancellationToken)
    {
        var tally = new AuditTally(
            "views_equal_definition", "CONSUMPTION_TRADES shows every fact once, SILVER_TRADES every fact and every rejection");
        var facts = await CountAsync("FACT_TRADES", cancellationToken);
        var rejected = await CountAsync("REJECTED_TRADES", cancellationToken);
        var consumption = await CountAsync("CONSUMPTION_TRADES", cancellationToken);
        var silver = await CountAsync("SILVER_TRADES", cancellationToken);
        tally.Examined = facts + rejected;
        if (consumption != facts) tally.Fail($"CONSUMPTION_TRADES shows {consumption} rows of {facts} facts");
        if (silver != facts + rejected) tally.Fail($"SILVER_TRADES shows {silver} rows of {facts} facts and {rejected} rejections");
        return tally.ToResult();
    }

    private async Task<long> CountAsync(string table, CancellationToken cancellationToken) =>
        SqlResult.Whole((await sql.ExecuteAsync($"SELECT COUNT(*) FROM {table}", [], cancellationToken)).Scalar);
}
