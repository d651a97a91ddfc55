using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>The statements that loading runs, prepared once.</summary>
internal sealed class LoadStatements(SqliteDatabase database) : IDisposable
{
    private readonly SqliteStatement _fact = database.Prepare(
        """
        INSERT INTO FACT_TRADES
            (row_id, symbol_key, trade_id, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _segment = database.Prepare(
        """
        INSERT INTO FACT_SEGMENTS (segment_id, facts, first_trade_time, last_trade_time, checksum) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (segment_id) DO UPDATE SET
            facts = facts + ?2, first_trade_time = min(first_trade_time, ?3), last_trade_time = max(last_trade_time, ?4), checksum = ?5
        """);

    private readonly SqliteStatement _correct = database.Prepare(
        """
        UPDATE FACT_TRADES SET symbol_key = ?2, trade_time = ?3, price = ?4, quantity = ?5, total_amount_usd = ?6, aggressor_side = ?7,
            ingest_source = ?8, quality_flags = ?9
        WHERE row_id = ?1
        """);

    private readonly SqliteStatement _settleConflicts = database.Prepare(
        """
        UPDATE REJECTED_TRADES SET error_reason = 'content_replaced', error_detail = 'a correction took its place'
        WHERE symbol_id = ? AND trade_id = ? AND error_reason = 'content_conflict'
        """);

    private readonly SqliteStatement _reject = database.Prepare(
        """
        INSERT INTO REJECTED_TRADES (
            epoch, topic, partition, offset, symbol_id, ticker, trade_id, error_reason, error_detail, received_time, record_content,
            identity)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _raw = database.Prepare(
        """
        INSERT INTO RAW_BATCHES (epoch, topic, partition, first_offset, record_count, received_time, checksum, records)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly CoverageStatements _coverage = new(database);

    private readonly SqliteStatement _position = database.Prepare(
        """
        INSERT INTO LOG_POSITIONS (epoch, topic, partition, next_offset, records, stored, duplicates, rejected, verdicts, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?9)
        ON CONFLICT (epoch, topic, partition) DO UPDATE SET
            next_offset = ?4, records = records + ?5, stored = stored + ?6, duplicates = duplicates + ?7, rejected = rejected + ?8,
            verdicts = verdicts + ?10, updated_at = ?9
        """);

    /// <returns>The fact's checksum.</returns>
    public long Fact(long rowId, in PlannedFact fact, in Trade trade)
    {
        var (time, aggressor, source) = (trade.TradeTime.Microseconds, (long)trade.Aggressor, (long)trade.Source);
        _fact
            .Bind(1, rowId)
            .Bind(2, fact.SymbolKey)
            .Bind(3, trade.TradeId)
            .Bind(4, time)
            .Bind(5, trade.Price.Scaled)
            .Bind(6, trade.Quantity.Scaled)
            .Bind(7, fact.TotalAmountUsd?.Scaled)
            .Bind(8, aggressor)
            .Bind(9, source)
            .Bind(10, (long)fact.Flags)
            .Run();
        return FactChecksum.Of(rowId, trade.TradeId, time, trade.Price.Scaled, trade.Quantity.Scaled, aggressor, source);
    }

    /// <summary>Counts facts into a segment, whose trade times reach from <paramref name="first"/> to <paramref name="last"/>.</summary>
    /// <param name="checksum">Of all its facts.</param>
    public void Segment(int segment, int facts, long first, long last, long checksum) =>
        _segment.Bind(1, segment).Bind(2, facts).Bind(3, first).Bind(4, last).Bind(5, checksum).Run();

    /// <summary>Gives a fact another content.</summary>
    public void Correct(long rowId, in PlannedFact fact, in Trade trade) => _correct
        .Bind(1, rowId)
        .Bind(2, fact.SymbolKey)
        .Bind(3, trade.TradeTime.Microseconds)
        .Bind(4, trade.Price.Scaled)
        .Bind(5, trade.Quantity.Scaled)
        .Bind(6, fact.TotalAmountUsd?.Scaled)
        .Bind(7, (long)trade.Aggressor)
        .Bind(8, (long)trade.Source)
        .Bind(9, (long)fact.Flags)
        .Run();

    public void SettleConflicts(int symbolId, long tradeId) => _settleConflicts.Bind(1, symbolId).Bind(2, tradeId).Run();

    public void Reject(LogPartition partition, PlannedRejection rejection) => _reject
        .Bind(1, partition.Epoch)
        .Bind(2, partition.Topic)
        .Bind(3, partition.Partition)
        .Bind(4, rejection.Offset)
        .Bind(5, rejection.Symbol?.SymbolId)
        .Bind(6, rejection.Symbol?.Key.Ticker)
        .Bind(7, rejection.TradeId)
        .Bind(8, rejection.Reason.Name())
        .Bind(9, rejection.Detail)
        .Bind(10, rejection.ReceivedTime.Microseconds)
        .BindBlob(11, rejection.Payload.Span)
        .Bind(12, rejection.Identity)
        .Run();

    public void Raw(LogPartition partition, in RawRecord first, int count, ReadOnlySpan<byte> records) => _raw
        .Bind(1, partition.Epoch)
        .Bind(2, partition.Topic)
        .Bind(3, partition.Partition)
        .Bind(4, first.Offset)
        .Bind(5, count)
        .Bind(6, first.AppendedTime.Microseconds)
        .Bind(7, Crc32C.Of(records))
        .BindText(8, records)
        .Run();

    public void Coverage(CoverageChange change, string now) => _coverage.Write(change, now);

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
        .Bind(10, outcome.Verdicts)
        .Run();

    public void Dispose()
    {
        SqliteStatement[] all = [_fact, _segment, _correct, _settleConflicts, _reject, _raw, _position];
        foreach (var statement in all) statement.Dispose();
        _coverage.Dispose();
    }
}
