using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Numbers;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Commands;

/// <summary>The figures a person checks first, exact.</summary>
/// <param name="Rejected">Rows in <c>REJECTED_TRADES</c>: trades that break a rule, dead letters, and summaries of those.</param>
/// <param name="DeadLetters">Those that are a dead letter each.</param>
/// <param name="Summarized">Dead letters that the summaries stand for.</param>
/// <param name="Amount">Sum of price × quantity in US dollars, as decimal text.</param>
internal sealed record WarehouseTotals(
    long Facts, long Rejected, long DeadLetters, long Summarized, long Symbols, string Amount, string? FirstTradeTime,
    string? LastTradeTime)
{
    // Only a live stream is summarized, and what it brought has no identity.
    private const string IsSummary = $"LIKE '{DeadLetterFlood.DetailStart}%'";

    public static WarehouseTotals Read(SqliteDatabase database)
    {
        var (rejected, letters, summarized) = ReadRejected(database);
        using var facts = database.Prepare(
            """
            SELECT count(*), min(trade_time), max(trade_time),
                   coalesce(sum(total_amount_usd / 100000000), 0), coalesce(sum(total_amount_usd % 100000000), 0),
                   (SELECT count(*) FROM SYMBOLS)
            FROM FACT_TRADES
            """);
        facts.Step();

        // Dollars and fractions apart: their sums fit in 64 bits where the sum of all would not.
        var amount = ((Int128)facts.GetInt64(3) * FixedPoint.One) + facts.GetInt64(4);
        var totals = new WarehouseTotals(
            facts.GetInt64(0),
            rejected,
            letters,
            summarized,
            facts.GetInt64(5),
            ExactSum.Format(amount),
            facts.IsNull(1) ? null : new TradeModel.Times.Timestamp(facts.GetInt64(1)).ToString(),
            facts.IsNull(2) ? null : new TradeModel.Times.Timestamp(facts.GetInt64(2)).ToString());
        facts.Reset();
        return totals;
    }

    private static (long Rejected, long DeadLetters, long Summarized) ReadRejected(SqliteDatabase database)
    {
        using var query = database.Prepare(
            $"""
            SELECT count(*), coalesce(sum(is_letter), 0), coalesce(sum(is_summary), 0),
                   coalesce(sum(iif(is_summary, CAST(substr(error_detail, ?2) AS INTEGER), 0)), 0)
            FROM (SELECT error_detail, topic = ?1 AS is_letter, topic = ?1 AND identity IS NULL AND error_detail {IsSummary} AS is_summary
                  FROM REJECTED_TRADES)
            """);
        query.Bind(1, Topics.DeadLetters).Bind(2, DeadLetterFlood.DetailStart.Length + 1);
        query.Step();
        var counts = (query.GetInt64(0), query.GetInt64(1) - query.GetInt64(2), query.GetInt64(3));
        query.Reset();
        return counts;
    }

    /// <summary>The same of Snowflake.</summary>
    public static async Task<WarehouseTotals> ReadAsync(ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        const string OfFacts = "SELECT COUNT(*), MIN(TRADE_TIME), MAX(TRADE_TIME), SUM(TOTAL_AMOUNT_USD) FROM FACT_TRADES";
        var facts = (await sql.ExecuteAsync(OfFacts, [], cancellationToken)).Rows[0];
        var rejected = (await sql.ExecuteAsync(
            $"""
            SELECT COUNT(*), SUM(IFF(LOG_TOPIC = ?, 1, 0)),
                   SUM(IFF(LOG_TOPIC = ? AND REJECTION_ID IS NULL AND ERROR_DETAIL {IsSummary}, 1, 0)),
                   SUM(IFF(LOG_TOPIC = ? AND REJECTION_ID IS NULL AND ERROR_DETAIL {IsSummary},
                           TRY_TO_NUMBER(SPLIT_PART(ERROR_DETAIL, ' ', 3)), 0))
            FROM REJECTED_TRADES
            """,
            [Topics.DeadLetters, Topics.DeadLetters, Topics.DeadLetters], cancellationToken)).Rows[0];
        var symbols = await sql.ExecuteAsync("SELECT COUNT(*) FROM SYMBOLS", [], cancellationToken);
        return new WarehouseTotals(
            SqlResult.Whole(facts[0]), SqlResult.Whole(rejected[0]), Letters(rejected[1]) - Letters(rejected[2]), Letters(rejected[3]),
            SqlResult.Whole(symbols.Scalar), facts[3]?.ToString() ?? "0",
            facts[1] is null ? null : SqlResult.Instant(facts[1]).ToString(), facts[2] is null ? null
                : SqlResult.Instant(facts[2]).ToString());
    }

    // A sum of no rows is null.
    private static long Letters(object? sum) => sum is null ? 0 : SqlResult.Whole(sum);
}
