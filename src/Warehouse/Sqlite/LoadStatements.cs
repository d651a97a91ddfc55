using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>The statements that loading runs, prepared once.</summary>
internal sealed class LoadStatements(SqliteDatabase database)
{
    private readonly SqliteStatement _fact = database.Prepare(
        """
        INSERT INTO FACT_TRADES
            (row_id, symbol_key, trade_id, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _segment = database.Prepare(
        """
        INSERT INTO FACT_SEGMENTS (segment_id, facts, first_trade_time, last_trade_time) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (segment_id) DO UPDATE SET
            facts = facts + ?2, first_trade_time = min(first_trade_time, ?3), last_trade_time = max(last_trade_time, ?4)
        """);

    private readonly SqliteStatement _reject = database.Prepare(
        """
        INSERT INTO REJECTED_TRADES (epoch, topic, partition, offset, symbol_id, ticker, trade_id, error_reason, error_detail, received_time, record_content, identity)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity) DO NOTHING
        """);

    private readonly SqliteStatement _raw = database.Prepare(
        "INSERT INTO RAW_BATCHES (epoch, topic, partition, first_offset, record_count, received_time, records) VALUES (?, ?, ?, ?, ?, ?, ?)");

    private readonly SqliteStatement _putCoverage = database.Prepare(
        "INSERT OR REPLACE INTO TRADE_COVERAGE (symbol_id, symbol, from_id, to_id) VALUES (?, ?, ?, ?)");

    private readonly SqliteStatement _deleteCoverage = database.Prepare("DELETE FROM TRADE_COVERAGE WHERE symbol_id = ? AND from_id = ?");

    private readonly SqliteStatement _findGap = database.Prepare(
        """
        INSERT INTO TRADE_GAPS (symbol_id, symbol, from_id, to_id, state, found)
        VALUES (?1, ?2, ?3, ?4, 'OPEN', coalesce((SELECT found FROM TRADE_GAPS WHERE symbol_id = ?1 AND from_id = ?5 AND state = 'OPEN'), ?6))
        """);

    private readonly SqliteStatement _narrowGap = database.Prepare(
        "UPDATE TRADE_GAPS SET from_id = ?1, to_id = ?2 WHERE symbol_id = ?3 AND from_id = ?4 AND state = 'OPEN'");

    private readonly SqliteStatement _closeGap = database.Prepare(
        "UPDATE TRADE_GAPS SET state = 'CLOSED', closed = ?1 WHERE symbol_id = ?2 AND from_id = ?3 AND state = 'OPEN'");

    private readonly SqliteStatement _position = database.Prepare(
        """
        INSERT INTO LOG_POSITIONS (epoch, topic, partition, next_offset, records, stored, duplicates, rejected, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (epoch, topic, partition) DO UPDATE SET
            next_offset = ?4, records = records + ?5, stored = stored + ?6, duplicates = duplicates + ?7, rejected = rejected + ?8, updated_at = ?9
        """);

    public void Fact(long rowId, long symbolKey, in Trade trade, Amount? amount, QualityFlags flags) => _fact
        .Bind(1, rowId)
        .Bind(2, symbolKey)
        .Bind(3, trade.TradeId)
        .Bind(4, trade.TradeTime.Microseconds)
        .Bind(5, trade.Price.Scaled)
        .Bind(6, trade.Quantity.Scaled)
        .Bind(7, amount?.Scaled)
        .Bind(8, (long)trade.Aggressor)
        .Bind(9, (long)trade.Source)
        .Bind(10, (long)flags)
        .Run();

    /// <summary>Counts facts into a segment, whose trade times reach from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public void Segment(int segment, int facts, long first, long last) =>
        _segment.Bind(1, segment).Bind(2, facts).Bind(3, first).Bind(4, last).Run();

    /// <returns>False when the same rejection stands there already.</returns>
    public bool Reject(
        LogPartition partition, long offset, int? symbolId, string? ticker, long? tradeId, ErrorReason reason, string detail,
        Timestamp received, ReadOnlySpan<byte> content, string? identity = null) => _reject
        .Bind(1, partition.Epoch)
        .Bind(2, partition.Topic)
        .Bind(3, partition.Partition)
        .Bind(4, offset)
        .Bind(5, symbolId)
        .Bind(6, ticker)
        .Bind(7, tradeId)
        .Bind(8, reason.Name())
        .Bind(9, detail)
        .Bind(10, received.Microseconds)
        .BindBlob(11, content)
        .Bind(12, identity)
        .Run() == 1;

    public void Raw(LogPartition partition, in RawRecord first, int count, ReadOnlySpan<byte> records) => _raw
        .Bind(1, partition.Epoch)
        .Bind(2, partition.Topic)
        .Bind(3, partition.Partition)
        .Bind(4, first.Offset)
        .Bind(5, count)
        .Bind(6, first.AppendedTime.Microseconds)
        .BindText(7, records)
        .Run();

    public void PutCoverage(int symbolId, string ticker, IdRange range) =>
        _putCoverage.Bind(1, symbolId).Bind(2, ticker).Bind(3, range.From).Bind(4, range.To).Run();

    public void DeleteCoverage(int symbolId, long from) => _deleteCoverage.Bind(1, symbolId).Bind(2, from).Run();

    public void FindGap(int symbolId, string ticker, IdRange gap, long? splitFrom, string now) =>
        _findGap.Bind(1, symbolId).Bind(2, ticker).Bind(3, gap.From).Bind(4, gap.To).Bind(5, splitFrom).Bind(6, now).Run();

    public void NarrowGap(int symbolId, long from, IdRange to) => _narrowGap.Bind(1, to.From).Bind(2, to.To).Bind(3, symbolId).Bind(4, from).Run();

    public void CloseGap(int symbolId, long from, string now) => _closeGap.Bind(1, now).Bind(2, symbolId).Bind(3, from).Run();

    public void Position(LogPartition partition, long next, int records, LoadOutcome outcome, string now) => _position
        .Bind(1, partition.Epoch)
        .Bind(2, partition.Topic)
        .Bind(3, partition.Partition)
        .Bind(4, next)
        .Bind(5, records)
        .Bind(6, outcome.Stored)
        .Bind(7, outcome.Duplicates)
        .Bind(8, outcome.Rejected)
        .Bind(9, now)
        .Run();
}
