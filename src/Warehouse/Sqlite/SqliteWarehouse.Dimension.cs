using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

public sealed partial class SqliteWarehouse
{
    public async ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Count == 0) return default;
        using var _ = await EnterAsync(cancellationToken);
        return Committing(() => Apply(changes));
    }

    /// <summary>Inside a transaction.</summary>
    private ApplyOutcome Apply(IReadOnlyCollection<SymbolChange> changes)
    {
        var outcome = default(ApplyOutcome);
        foreach (var history in changes.GroupBy(change => change.Key))
        {
            var added = history.Count(Record);
            if (added == 0) continue;

            var isNew = !_symbols.TryGetValue(history.Key, out var state);
            state ??= Register(history.Key);
            var versions = DimensionFold.Fold(SqliteReads.Changes(_database, key: history.Key));
            var before = state.Versions?.Versions ?? [];
            var recorded = NextRecordedTime(state.SymbolId, history.Max(change => change.RecordedTime.Microseconds));

            outcome = new ApplyOutcome(
                outcome.NewChanges + added,
                outcome.NewSymbols + (isNew ? 1 : 0),
                outcome.VersionsWritten,
                outcome.VersionsSuperseded + Supersede(before, versions, recorded),
                outcome.FactsRekeyed);
            outcome = outcome with
            {
                VersionsWritten = outcome.VersionsWritten + Insert(state, before, versions, recorded),
                FactsRekeyed = outcome.FactsRekeyed + Rekey(state, before, versions),
            };
            state.Use(versions, _usd);
        }

        return outcome;
    }

    /// <returns>False when the statement is known already.</returns>
    private bool Record(SymbolChange change)
    {
        using var insert = _database.Prepare(
            """
            INSERT INTO SYMBOL_CHANGES (source, sequence, exchange, ticker, operation, valid_time, recorded_time, attributes, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING
            """);
        return insert
            .Bind(1, change.Source.Name())
            .Bind(2, change.Sequence)
            .Bind(3, change.Key.Exchange)
            .Bind(4, change.Key.Ticker)
            .Bind(5, change.Operation == ChangeOperation.Delete ? "DELETE" : "UPSERT")
            .Bind(6, change.ValidTime.Microseconds)
            .Bind(7, change.RecordedTime.Microseconds)
            .Bind(8, SqliteReads.FormatAttributes(change.Attributes))
            .Bind(9, change.Hash)
            .Run() == 1;
    }

    private SymbolState Register(NaturalKey key)
    {
        using var next = _database.Prepare("SELECT coalesce(max(symbol_id), 0) + 1 FROM SYMBOLS");
        var id = next.Scalar()!.Value;
        if (id > FactId.MaxSymbolId) throw new WarehouseException($"No durable id is left for '{key}': {FactId.MaxSymbolId} symbols are registered.");

        using var insert = _database.Prepare("INSERT INTO SYMBOLS (symbol_id, exchange, ticker, registered_at) VALUES (?, ?, ?, ?)");
        insert.Bind(1, id).Bind(2, key.Exchange).Bind(3, key.Ticker).Bind(4, Now().Microseconds).Run();
        var state = new SymbolState((int)id, key);
        _symbols.Add(key, state);
        return state;
    }

    // Recorded times of one symbol rise strictly, so that each row's recorded interval holds at least an instant.
    private Timestamp NextRecordedTime(int symbolId, long proposed)
    {
        using var latest = _database.Prepare("SELECT max(recorded_from) FROM DIM_SYMBOL_VERSIONS WHERE symbol_id = ?");
        var after = latest.Bind(1, symbolId).Scalar() + 1;
        return new Timestamp(Math.Max(proposed, after ?? proposed));
    }

    private int Supersede(IReadOnlyList<SymbolVersion> before, IReadOnlyList<SymbolVersion> versions, Timestamp recorded)
    {
        using var update = _database.Prepare(
            "UPDATE DIM_SYMBOL_VERSIONS SET recorded_to = ? WHERE symbol_key = ? AND recorded_to = 253402214400000000");
        var superseded = 0;
        foreach (var version in before.Except(versions)) superseded += update.Bind(1, recorded.Microseconds).Bind(2, version.SymbolKey).Run();
        return superseded;
    }

    private int Insert(SymbolState state, IReadOnlyList<SymbolVersion> before, IReadOnlyList<SymbolVersion> versions, Timestamp recorded)
    {
        using var insert = _database.Prepare(
            """
            INSERT INTO DIM_SYMBOL_VERSIONS (symbol_key, symbol_id, ticker, valid_from, valid_to, is_deleted, is_inferred, change_hash,
                recorded_from, recorded_to, base_asset, quote_asset, sector, risk_level, status, tick_size, step_size)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """);
        var inserted = 0;
        foreach (var version in versions.Except(before))
        {
            insert
                .Bind(1, version.SymbolKey)
                .Bind(2, state.SymbolId)
                .Bind(3, version.Key.Ticker)
                .Bind(4, version.ValidFrom.Microseconds)
                .Bind(5, version.ValidTo.Microseconds)
                .Bind(6, version.IsDeleted ? 1 : 0)
                .Bind(7, version.IsInferred ? 1 : 0)
                .Bind(8, version.ChangeHash)
                .Bind(9, recorded.Microseconds)
                .Bind(10, Timestamp.EndOfTime.Microseconds);
            foreach (var attribute in SymbolAttributes.All) insert.Bind(11 + (int)attribute, version[attribute]);
            inserted += insert.Run();
        }

        return inserted;
    }

    /// <summary>
    /// Binds the facts of every stretch of time whose version has another key than before, and prices those whose quote asset
    /// counts as dollars now and did not before, or the reverse.
    /// </summary>
    private long Rekey(SymbolState state, IReadOnlyList<SymbolVersion> before, IReadOnlyList<SymbolVersion> versions)
    {
        using var update = _database.Prepare(
            """
            UPDATE FACT_TRADES SET symbol_key = ?1
            WHERE fact_id BETWEEN ?2 AND ?3 AND symbol_key = ?4 AND trade_time >= ?5 AND trade_time < ?6
            """);
        long rekeyed = 0;
        foreach (var version in versions)
        {
            foreach (var old in before)
            {
                var from = Math.Max(version.ValidFrom.Microseconds, old.ValidFrom.Microseconds);
                var to = Math.Min(version.ValidTo.Microseconds, old.ValidTo.Microseconds);
                if (from >= to || from > state.LastTradeTime) continue;
                var isPegged = _usd.IsPegged(version[SymbolAttribute.QuoteAsset]);
                if (isPegged != _usd.IsPegged(old[SymbolAttribute.QuoteAsset])) Reprice(state, from, to, isPegged);
                if (old.SymbolKey == version.SymbolKey) continue;
                rekeyed += update
                    .Bind(1, version.SymbolKey)
                    .Bind(2, FactId.Of(state.SymbolId, 0))
                    .Bind(3, FactId.Of(state.SymbolId + 1, 0) - 1)
                    .Bind(4, old.SymbolKey)
                    .Bind(5, from)
                    .Bind(6, to)
                    .Run();
            }
        }

        return rekeyed;
    }

    private void Reprice(SymbolState state, long from, long to, bool isPegged)
    {
        using var facts = _database.Prepare(
            "SELECT fact_id, price, quantity FROM FACT_TRADES WHERE fact_id BETWEEN ?1 AND ?2 AND trade_time >= ?3 AND trade_time < ?4");
        using var update = _database.Prepare("UPDATE FACT_TRADES SET total_amount_usd = ?, quality_flags = ? WHERE fact_id = ?");
        facts
            .Bind(1, FactId.Of(state.SymbolId, 0))
            .Bind(2, FactId.Of(state.SymbolId + 1, 0) - 1)
            .Bind(3, from)
            .Bind(4, to);
        while (facts.Step())
        {
            var amount = UsdAmount.Of(new Price(facts.GetInt64(1)), new Quantity(facts.GetInt64(2)), isPegged, out var flags);
            update.Bind(1, amount?.Scaled).Bind(2, (long)flags).Bind(3, facts.GetInt64(0)).Run();
        }
    }
}
