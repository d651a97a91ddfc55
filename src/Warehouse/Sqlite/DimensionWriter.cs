using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>The statements that write the dimension, prepared for one transaction.</summary>
/// <param name="database">In the transaction.</param>
/// <param name="progress">Receives the number of changes recorded so far.</param>
internal sealed class DimensionWriter(SqliteDatabase database, IProgress<long>? progress) : IDisposable
{
    // The facts of a symbol in a stretch of time: of each segment that reaches into the stretch, the rows of the symbol.
    private const string FactsOfStretch =
        """
        FACT_SEGMENTS AS s JOIN FACT_TRADES AS f ON f.row_id >= (s.segment_id << 40) + ?1 AND f.row_id < (s.segment_id << 40) + ?2
        WHERE s.last_trade_time >= ?3 AND s.first_trade_time < ?4 AND f.trade_time >= ?3 AND f.trade_time < ?4
        """;

    private readonly SqliteStatement _changes = database.Prepare(
        $"SELECT {SqliteReads.ChangeColumns} FROM SYMBOL_CHANGES WHERE exchange = ? AND ticker = ? ORDER BY change_id");

    private readonly SqliteStatement _nextSymbolId = database.Prepare("SELECT coalesce(max(symbol_id), 0) + 1 FROM SYMBOLS");

    private readonly SqliteStatement _register = database.Prepare(
        "INSERT INTO SYMBOLS (symbol_id, exchange, ticker, registered_at) VALUES (?, ?, ?, ?)");

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

    private readonly SqliteStatement _facts = database.Prepare(
        $"SELECT f.row_id, f.trade_time, f.symbol_key, f.price, f.quantity FROM {FactsOfStretch}");

    private readonly SqliteStatement _rekey = database.Prepare("UPDATE FACT_TRADES SET symbol_key = ? WHERE row_id = ?");

    private readonly SqliteStatement _reprice = database.Prepare(
        "UPDATE FACT_TRADES SET total_amount_usd = ?, quality_flags = ? WHERE row_id = ?");

    private long _recorded;

    /// <summary>What was said of a symbol so far, oldest first.</summary>
    public IReadOnlyList<SymbolChange> Changes(NaturalKey key) =>
        SqliteReads.Changes(_changes.Bind(1, key.Exchange).Bind(2, key.Ticker));

    public long NextSymbolId() => _nextSymbolId.Scalar()!.Value;

    public void Register(long symbolId, NaturalKey key, Timestamp now) =>
        _register.Bind(1, symbolId).Bind(2, key.Exchange).Bind(3, key.Ticker).Bind(4, now.Microseconds).Run();

    public void Record(SymbolChange change)
    {
        _record
            .Bind(1, change.Source.Name())
            .Bind(2, change.Sequence)
            .Bind(3, change.Key.Exchange)
            .Bind(4, change.Key.Ticker)
            .Bind(5, change.Operation == ChangeOperation.Delete ? "DELETE" : "UPSERT")
            .Bind(6, change.ValidTime.Microseconds)
            .Bind(7, change.RecordedTime.Microseconds)
            .Bind(8, AttributesJson.Format(change.Attributes))
            .Bind(9, change.Hash)
            .Run();
        progress?.Report(++_recorded);
    }

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

    /// <summary>
    /// Binds the facts of a symbol anew, and prices those whose quote asset counts as dollars now and did not before, or the reverse: in
    /// one pass over them, however many stretches there are.
    /// </summary>
    /// <param name="rebindings">In order of time; at least one.</param>
    /// <param name="most">Facts with which to stop; the caller gives up then.</param>
    /// <returns>Facts bound to another version.</returns>
    public long Rebind(int symbolId, IReadOnlyList<Rebinding> rebindings, UsdAmount usd, long most)
    {
        long rekeyed = 0;
        _facts
            .Bind(1, FactRowId.Within(symbolId))
            .Bind(2, FactRowId.Within(symbolId + 1))
            .Bind(3, rebindings[0].From.Microseconds)
            .Bind(4, rebindings[^1].To.Microseconds);
        while (rekeyed <= most && _facts.Step())
        {
            if (Rebinding.At(rebindings, new Timestamp(_facts.GetInt64(1))) is not { } rebinding) continue;
            var rowId = _facts.GetInt64(0);
            if (rebinding.ChangesKey && _facts.GetInt64(2) == rebinding.Old.SymbolKey)
            {
                rekeyed += _rekey.Bind(1, rebinding.New.SymbolKey).Bind(2, rowId).Run();
            }

            var isPegged = usd.IsPegged(rebinding.New[SymbolAttribute.QuoteAsset]);
            if (isPegged == usd.IsPegged(rebinding.Old[SymbolAttribute.QuoteAsset])) continue;
            var amount = UsdAmount.Of(new Price(_facts.GetInt64(3)), new Quantity(_facts.GetInt64(4)), isPegged, out var flags);
            _reprice.Bind(1, amount?.Scaled).Bind(2, (long)flags).Bind(3, rowId).Run();
        }

        _facts.Reset();
        return rekeyed;
    }

    public void Clear() => database.Execute("DELETE FROM DIM_SYMBOL_VERSIONS; DELETE FROM SYMBOL_CONFLICTS");

    public void Dispose()
    {
        SqliteStatement[] statements =
            [
                _changes, _nextSymbolId, _register, _record, _insert, _supersede, _remove, _clearConflicts, _conflict, _facts, _rekey,
                _reprice,
            ];
        foreach (var statement in statements) statement.Dispose();
    }
}
