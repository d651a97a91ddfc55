using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>The statements that write coverage and gaps, prepared once.</summary>
internal sealed class CoverageStatements(SqliteDatabase database) : IDisposable
{
    private readonly SqliteStatement _put = database.Prepare(
        "INSERT OR REPLACE INTO TRADE_COVERAGE (symbol_id, symbol, from_id, to_id, state) VALUES (?, ?, ?, ?, ?)");

    private readonly SqliteStatement _delete = database.Prepare("DELETE FROM TRADE_COVERAGE WHERE symbol_id = ? AND from_id = ?");

    private readonly SqliteStatement _findGap = database.Prepare(
        """
        INSERT INTO TRADE_GAPS (symbol_id, symbol, from_id, to_id, state, found, closed)
        VALUES (
            ?1, ?2, ?3, ?4, ?5,
            coalesce((SELECT found FROM TRADE_GAPS WHERE symbol_id = ?1 AND from_id = ?6 AND closed IS NULL), ?7), ?8)
        """);

    private readonly SqliteStatement _changeGap = database.Prepare(
        """
        UPDATE TRADE_GAPS SET from_id = ?1, to_id = ?2, state = ?3, closed = ?4
        WHERE symbol_id = ?5 AND from_id = ?6 AND closed IS NULL
        """);

    private readonly SqliteStatement _joinGap = database.Prepare(
        "DELETE FROM TRADE_GAPS WHERE symbol_id = ? AND from_id = ? AND closed IS NULL");

    public void Write(CoverageChange change, string now)
    {
        var (symbolId, ticker) = (change.Symbol.SymbolId, change.Symbol.Key.Ticker);
        foreach (var from in change.Removed) _delete.Bind(1, symbolId).Bind(2, from).Run();
        foreach (var (ids, state) in change.Put)
        {
            _put.Bind(1, symbolId).Bind(2, ticker).Bind(3, ids.From).Bind(4, ids.To).Bind(5, state.Name()).Run();
        }

        // Pieces of a split gap take over its found time while its row still carries the old start.
        foreach (var gap in change.Gaps)
        {
            if (gap is { Before: null, After: { } found }) Find(symbolId, ticker, found, gap.SplitFrom?.From, now);
        }

        foreach (var gap in change.Gaps)
        {
            if (gap.Before is not { } before) continue;
            if (gap.After is { } after) Change(symbolId, before.Ids.From, after, now);
            else _joinGap.Bind(1, symbolId).Bind(2, before.Ids.From).Run();
        }
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _put, _delete, _findGap, _changeGap, _joinGap }) statement.Dispose();
    }

    private void Find(int symbolId, string ticker, Gap gap, long? splitFrom, string now) => _findGap
        .Bind(1, symbolId)
        .Bind(2, ticker)
        .Bind(3, gap.Ids.From)
        .Bind(4, gap.Ids.To)
        .Bind(5, gap.State.Name())
        .Bind(6, splitFrom)
        .Bind(7, now)
        .Bind(8, gap.State.IsEnded() ? now : null)
        .Run();

    private void Change(int symbolId, long from, Gap gap, string now) => _changeGap
        .Bind(1, gap.Ids.From)
        .Bind(2, gap.Ids.To)
        .Bind(3, gap.State.Name())
        .Bind(4, gap.State.IsEnded() ? now : null)
        .Bind(5, symbolId)
        .Bind(6, from)
        .Run();
}
