using Crypto.SnowflakeEmulator.Sql;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>Reads the emulated tables with the engine's own SQL, past all the code under test.</summary>
internal static class SnowflakeContents
{
    public static WarehouseContents Read(EmulatedDatabase database) => new(
        Rows(
            database,
            """
            SELECT s.ticker, trade_id, symbol_key, trade_time, price, quantity, total_amount_usd,
                aggressor_side, ingest_source, quality_flags
            FROM FACT_TRADES AS f JOIN SYMBOLS AS s ON s.symbol_id = f.fact_id >> 40 ORDER BY s.ticker, trade_id
            """,
            row => new FactRow(
                (string)row[0]!, (long)row[1]!, (long)row[2]!, new Timestamp((long)row[3]!), new Price((long)row[4]!),
                new Quantity((long)row[5]!),
                row[6] is long amount
                    ? new Amount(amount)
                    : null, (AggressorSide)(long)row[7]!, (IngestSource)(long)row[8]!, (QualityFlags)(long)row[9]!)),
        Rows(
            database, "SELECT ticker, trade_id, error_reason, error_detail, record_content FROM REJECTED_TRADES ORDER BY log_topic, "
                + "log_partition, log_offset",
            row => new RejectedRow((string?)row[0], (long?)row[1], (string)row[2]!, (string)row[3]!, Convert.ToHexString((byte[])row[4]!))),
        Rows(
            database, "SELECT log_topic, log_partition, log_offset, record_content FROM STOCK_TRADES_RAW ORDER BY log_topic, "
                + "log_partition, log_offset",
            row => new RawRow((string)row[0]!, (int)(long)row[1]!, (long)row[2]!, (string)row[3]!)),
        Rows(
            database, "SELECT symbol, from_id, to_id, state, found, closed FROM TRADE_GAPS ORDER BY symbol, from_id, to_id",
            row => new GapRow(
                (string)row[0]!, new IdRange(
                    (long)row[1]!,
                    (long)row[2]!), (string)row[3]!, new Timestamp((long)row[4]!), row[5] is long closed ? new Timestamp(closed) : null)),
        Rows(
            database, "SELECT symbol, from_id, to_id, state FROM TRADE_COVERAGE ORDER BY symbol, from_id",
            row => new CoverageRow((string)row[0]!, new IdRange((long)row[1]!, (long)row[2]!), (string)row[3]!)),
        Versions(database),
        Rows(
            database,
            """
            SELECT log_epoch, log_topic, log_partition, next_offset, records, stored, duplicates, rejected FROM LOG_POSITIONS
            ORDER BY log_epoch, log_topic, log_partition
            """,
            row => new PositionRow(
                new LogPartition(
                    (string)row[0]!, (string)row[1]!,
                    (int)(long)row[2]!), (long)row[3]!, (long)row[4]!, (long)row[5]!, (long)row[6]!, (long)row[7]!)),
        Rows(database, "SELECT count(*) FROM SYMBOL_CHANGES", row => (int)(long)row[0]!)[0],
        Rows(database, "SELECT count(*) FROM DIM_SYMBOL_VERSIONS", row => (int)(long)row[0]!)[0]);

    private static List<SymbolVersion> Versions(EmulatedDatabase database) => Rows(
        database,
        $"""
        SELECT s.exchange, v.ticker, v.valid_from, v.valid_to, v.is_deleted, v.is_inferred, v.change_hash, v.symbol_key,
               v.base_asset, v.quote_asset, v.sector, v.risk_level, v.status, v.tick_size, v.step_size
        FROM DIM_SYMBOL_VERSIONS AS v JOIN SYMBOLS AS s USING (symbol_id)
        WHERE v.recorded_to = {Timestamp.EndOfTime.Microseconds} ORDER BY v.symbol_id, v.valid_from
        """,
        row =>
        {
            var attributes = SymbolAttributes.All.Where(attribute => row[8 + (int)attribute] is not null)
                .ToDictionary(attribute => attribute.Column(), attribute => (string?)row[8 + (int)attribute]);
            var version = new SymbolVersion(
                new NaturalKey(
                    (string)row[0]!,
                    (string)row[1]!), new Timestamp((long)row[2]!), new Timestamp((long)row[3]!), (long)row[4]! != 0, (long)row[5]! != 0,
                AttributesJson.Parse(System.Text.Json.JsonSerializer.Serialize(attributes)));
            Assert.AreEqual((string)row[6]!, version.ChangeHash);
            Assert.AreEqual((long)row[7]!, version.SymbolKey);
            return version;
        });

    private static List<T> Rows<T>(EmulatedDatabase database, string sql, Func<object?[], T> read) => [.. database.Read(sql).Select(read)];
}
