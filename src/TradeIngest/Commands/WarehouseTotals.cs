using Crypto.TradeModel.Numbers;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Commands;

/// <summary>The figures a person checks first, exact.</summary>
/// <param name="Amount">Sum of price × quantity in US dollars, as decimal text.</param>
internal sealed record WarehouseTotals(
    long Facts, long Rejected, long Symbols, string Amount, string? FirstTradeTime, string? LastTradeTime)
{
    public static WarehouseTotals Read(SqliteDatabase database)
    {
        using var facts = database.Prepare(
            """
            SELECT count(*), min(trade_time), max(trade_time),
                   coalesce(sum(total_amount_usd / 100000000), 0), coalesce(sum(total_amount_usd % 100000000), 0),
                   (SELECT count(*) FROM REJECTED_TRADES), (SELECT count(*) FROM SYMBOLS)
            FROM FACT_TRADES
            """);
        facts.Step();

        // Dollars and fractions apart: their sums fit in 64 bits where the sum of all would not.
        var amount = ((Int128)facts.GetInt64(3) * FixedPoint.One) + facts.GetInt64(4);
        var totals = new WarehouseTotals(
            facts.GetInt64(0),
            facts.GetInt64(5),
            facts.GetInt64(6),
            ExactSum.Format(amount),
            facts.IsNull(1) ? null : new TradeModel.Times.Timestamp(facts.GetInt64(1)).ToString(),
            facts.IsNull(2) ? null : new TradeModel.Times.Timestamp(facts.GetInt64(2)).ToString());
        facts.Reset();
        return totals;
    }

    /// <summary>The same of Snowflake.</summary>
    public static async Task<WarehouseTotals> ReadAsync(ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var facts = (await sql.ExecuteAsync("SELECT COUNT(*), MIN(TRADE_TIME), MAX(TRADE_TIME), SUM(TOTAL_AMOUNT_USD) FROM FACT_TRADES", [], cancellationToken)).Rows[0];
        var rejected = await sql.ExecuteAsync("SELECT COUNT(*) FROM REJECTED_TRADES", [], cancellationToken);
        var symbols = await sql.ExecuteAsync("SELECT COUNT(*) FROM SYMBOLS", [], cancellationToken);
        return new WarehouseTotals(
            SqlResult.Whole(facts[0]), SqlResult.Whole(rejected.Scalar), SqlResult.Whole(symbols.Scalar), facts[3]?.ToString() ?? "0",
            facts[1] is null ? null : SqlResult.Instant(facts[1]).ToString(), facts[2] is null ? null : SqlResult.Instant(facts[2]).ToString());
    }
}
