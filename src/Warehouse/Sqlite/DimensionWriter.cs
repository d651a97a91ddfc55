using Crypto.TradeModel.Numbers;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>The statements that write the dimension, prepared for one transaction.</summary>
internal sealed class DimensionWriter(SqliteDatabase database) : IDisposable
{
    // The facts of a symbol in a stretch of time: of each segment that reaches into the stretch, the rows of the symbol.
    private const string FactsOfStretch =
        """
        FACT_SEGMENTS AS s JOIN FACT_TRADES AS f ON f.row_id >= (s.segment_id << 40) + ?1 AND f.row_id < (s.segment_id << 40) + ?2
        WHERE s.last_trade_time >= ?3 AND s.first_trade_time < ?4 AND f.trade_time >= ?3 AND f.trade_time < ?4
        """;

    private readonly SqliteStatement _record = database.Prepare(
        """
        INSERT INTO SYMBOL_CHANGES (source, sequence, exchange, ticker, operation, valid_time, recorded_time, attributes, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (hash) DO UPDATE SET recorded_time = excluded.recorded_time WHERE excluded.recorded_time < recorded_time
        """);

    private readonly SqliteStatement _insert = database.Prepare(
        """
        INSERT INTO DIM_SYMBOL_VERSIONS (symbol_key, symbol_id, ticker, valid_from, valid_to, is_deleted, is_inferred, change_hash,
            recorded_from, recorded_to, base_asset, quote_asset, sector, risk_level, status, tick_size, step_size)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _supersede = database.Prepare(
        "UPDATE DIM_SYMBOL_VERSIONS SET recorded_to = ? WHERE symbol_key = ? AND recorded_from = ?");

    private readonly SqliteStatement _remove = database.Prepare(
        "DELETE FROM DIM_SYMBOL_VERSIONS WHERE symbol_key = ? AND recorded_from = ?");

    private readonly SqliteStatement _clearConflicts = database.Prepare("DELETE FROM SYMBOL_CONFLICTS WHERE symbol_id = ?");

    private readonly SqliteStatement _conflict = database.Prepare(
        """
        INSERT INTO SYMBOL_CONFLICTS (symbol_id, ticker, attribute, valid_time, rule, loser_source, loser_value, loser_hash,
            winner_source, winner_value, winner_hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """);

    private readonly SqliteStatement _rekey = database.Prepare(
        $"""
        UPDATE FACT_TRADES SET symbol_key = ?5
        WHERE row_id IN (SELECT f.row_id FROM {FactsOfStretch} AND f.symbol_key = ?6)
        """);

    public void Record(SymbolChange change) => _record
        .Bind(1, change.Source.Name())
        .Bind(2, change.Sequence)
        .Bind(3, change.Key.Exchange)
        .Bind(4, change.Key.Ticker)
        .Bind(5, change.Operation == ChangeOperation.Delete ? "DELETE" : "UPSERT")
        .Bind(6, change.ValidTime.Microseconds)
        .Bind(7, change.RecordedTime.Microseconds)
        .Bind(8, SqliteReads.FormatAttributes(change.Attributes))
        .Bind(9, change.Hash)
        .Run();

    public void Write(int symbolId, IReadOnlyList<DimensionOperation> operations)
    {
        foreach (var (kind, row) in operations)
        {
            switch (kind)
            {
                case OperationKind.Supersede:
                    _supersede
                        .Bind(1, row.RecordedTo.Microseconds)
                        .Bind(2, row.Version.SymbolKey)
                        .Bind(3, row.RecordedFrom.Microseconds)
                        .Run();
                    break;
                case OperationKind.Remove:
                    _remove.Bind(1, row.Version.SymbolKey).Bind(2, row.RecordedFrom.Microseconds).Run();
                    break;
                default:
                    Insert(symbolId, row);
                    break;
            }
        }
    }

    public void Insert(int symbolId, RecordedVersion row)
    {
        var version = row.Version;
        _insert
            .Bind(1, version.SymbolKey)
            .Bind(2, symbolId)
            .Bind(3, version.Key.Ticker)
            .Bind(4, version.ValidFrom.Microseconds)
            .Bind(5, version.ValidTo.Microseconds)
            .Bind(6, version.IsDeleted ? 1 : 0)
            .Bind(7, version.IsInferred ? 1 : 0)
            .Bind(8, version.ChangeHash)
            .Bind(9, row.RecordedFrom.Microseconds)
            .Bind(10, row.RecordedTo.Microseconds);
        foreach (var attribute in SymbolAttributes.All) _insert.Bind(11 + (int)attribute, version[attribute]);
        _insert.Run();
    }

    /// <summary>Replaces the conflicts recorded of a symbol: they are a function of its changes like everything else.</summary>
    public void Conflicts(int symbolId, IReadOnlyList<ChangeConflict> conflicts)
    {
        _clearConflicts.Bind(1, symbolId).Run();
        foreach (var conflict in conflicts)
        {
            _conflict
                .Bind(1, symbolId)
                .Bind(2, conflict.Loser.Key.Ticker)
                .Bind(3, conflict.Attribute.Column())
                .Bind(4, conflict.ValidTime.Microseconds)
                .Bind(5, conflict.Rule.ToString().ToUpperInvariant())
                .Bind(6, conflict.Loser.Source.Name())
                .Bind(7, conflict.Loser.Attributes[conflict.Attribute])
                .Bind(8, conflict.Loser.Hash)
                .Bind(9, conflict.Winner?.Source.Name())
                .Bind(10, conflict.Winner?.Attributes[conflict.Attribute])
                .Bind(11, conflict.Winner?.Hash)
                .Run();
        }
    }

    /// <returns>Facts bound anew.</returns>
    public long Rekey(int symbolId, in Rebinding rebinding) => BindStretch(_rekey, symbolId, rebinding)
        .Bind(5, rebinding.New.SymbolKey)
        .Bind(6, rebinding.Old.SymbolKey)
        .Run();

    /// <summary>Prices the facts of a stretch whose quote asset counts as dollars now and did not before, or the reverse.</summary>
    public void Reprice(int symbolId, in Rebinding rebinding, bool isPegged)
    {
        using var facts = database.Prepare($"SELECT f.row_id, f.price, f.quantity FROM {FactsOfStretch}");
        using var update = database.Prepare("UPDATE FACT_TRADES SET total_amount_usd = ?, quality_flags = ? WHERE row_id = ?");
        BindStretch(facts, symbolId, rebinding);
        while (facts.Step())
        {
            var amount = UsdAmount.Of(new Price(facts.GetInt64(1)), new Quantity(facts.GetInt64(2)), isPegged, out var flags);
            update.Bind(1, amount?.Scaled).Bind(2, (long)flags).Bind(3, facts.GetInt64(0)).Run();
        }
    }

    public void Clear() => database.Execute("DELETE FROM DIM_SYMBOL_VERSIONS; DELETE FROM SYMBOL_CONFLICTS");

    public void Dispose()
    {
        foreach (var statement in new[] { _record, _insert, _supersede, _remove, _clearConflicts, _conflict, _rekey }) statement.Dispose();
    }

    private static SqliteStatement BindStretch(SqliteStatement statement, int symbolId, in Rebinding rebinding) => statement
        .Bind(1, FactRowId.Within(symbolId))
        .Bind(2, FactRowId.Within(symbolId + 1))
        .Bind(3, rebinding.From.Microseconds)
        .Bind(4, rebinding.To.Microseconds);
}
