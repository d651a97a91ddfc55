using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>Reads a warehouse file over a connection of its own.</summary>
internal static class SqliteContents
{
    public static WarehouseContents Read(string path)
    {
        using var database = SqliteDatabase.OpenForReading(path);
        return new WarehouseContents(
            Rows(
                database,
                """
                SELECT s.ticker, trade_id, symbol_key, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source,
                       quality_flags
                FROM FACT_TRADES AS f JOIN SYMBOLS AS s ON s.symbol_id = f.fact_id >> 40 ORDER BY s.ticker, trade_id
                """,
                row => new FactRow(
                    row.GetText(0), row.GetInt64(1), row.GetInt64(2), new Timestamp(row.GetInt64(3)), new Price(row.GetInt64(4)),
                    new Quantity(row.GetInt64(5)), row.IsNull(6) ? null : new Amount(row.GetInt64(6)), (AggressorSide)row.GetInt64(7),
                    (IngestSource)row.GetInt64(8), (QualityFlags)row.GetInt64(9))),
            Rows(
                database,
                """
                SELECT ticker, trade_id, error_reason, error_detail, record_content FROM REJECTED_TRADES
                ORDER BY topic, partition, offset
                """,
                row => new RejectedRow(
                    row.GetTextOrNull(0), row.IsNull(1) ? null : row.GetInt64(1), row.GetText(2), row.GetText(3),
                    Convert.ToHexString(row.GetBytes(4)))),
            Rows(
                database,
                "SELECT topic, partition, offset, RECORD_CONTENT FROM STOCK_TRADES_RAW ORDER BY topic, partition, offset",
                row => new RawRow(row.GetText(0), row.GetInt32(1), row.GetInt64(2), row.GetText(3))),
            Rows(
                database,
                "SELECT symbol, from_id, to_id, state, found, closed FROM TRADE_GAPS ORDER BY symbol, from_id, to_id, gap_id",
                row => new GapRow(
                    row.GetText(0), new IdRange(row.GetInt64(1), row.GetInt64(2)), row.GetText(3), Timestamp.Parse(row.GetText(4)),
                    row.IsNull(5) ? null : Timestamp.Parse(row.GetText(5)))),
            Rows(
                database,
                "SELECT symbol, from_id, to_id, state FROM TRADE_COVERAGE ORDER BY symbol, from_id",
                row => new CoverageRow(row.GetText(0), new IdRange(row.GetInt64(1), row.GetInt64(2)), row.GetText(3))),
            SqliteReads.CurrentVersions(database),
            Rows(
                database,
                """
                SELECT epoch, topic, partition, next_offset, records, stored, duplicates, rejected FROM LOG_POSITIONS
                ORDER BY epoch, topic, partition
                """,
                row => new PositionRow(
                    new LogPartition(row.GetText(0), row.GetText(1), row.GetInt32(2)), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5),
                    row.GetInt64(6), row.GetInt64(7))),
            Rows(database, "SELECT count(*) FROM SYMBOL_CHANGES", row => row.GetInt32(0))[0],
            Rows(database, "SELECT count(*) FROM DIM_SYMBOL_VERSIONS", row => row.GetInt32(0))[0]);
    }

    public static List<T> Rows<T>(SqliteDatabase database, string sql, Func<SqliteStatement, T> read)
    {
        using var query = database.Prepare(sql);
        var rows = new List<T>();
        while (query.Step()) rows.Add(read(query));
        return rows;
    }

    /// <summary>Every value of every table, as text.</summary>
    public static string Dump(string path)
    {
        using var database = SqliteDatabase.OpenForReading(path);
        var text = new System.Text.StringBuilder();
        foreach (var table in Rows(database, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", row => row.GetText(0)))
        {
            var columns = string.Join(
                " || '|' || ", Rows(database, $"SELECT name FROM pragma_table_info('{table}')", row => $"quote({row.GetText(0)})"));
            text.AppendLine(table).AppendJoin('\n', Rows(database, $"SELECT {columns} FROM {table} ORDER BY 1", row => row.GetText(0)));
        }

        return text.ToString();
    }

    /// <summary>Every audit passes.</summary>
    public static void AssertSound(string path, SqliteWarehouseOptions options)
    {
        using var database = SqliteDatabase.OpenForReading(path);
        foreach (var audit in new SqliteAudits(database, options).Run())
        {
            Assert.IsTrue(audit.Passed, $"{audit.Name}: {string.Join('\n', audit.Failing)}");
        }
    }

    /// <summary>Runs a statement from a connection of its own, as somebody who tampers with the file.</summary>
    public static void Tamper(string path, string sql)
    {
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.Execute("PRAGMA foreign_keys = OFF");
        database.Execute(sql);
    }
}
