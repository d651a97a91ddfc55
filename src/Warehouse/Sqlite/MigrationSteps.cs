using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>What migrations do that SQL cannot say: the same code as in a load decides.</summary>
internal static class MigrationSteps
{
    /// <summary>What is to follow a script, in its transaction; null for nothing.</summary>
    public static Action<SqliteDatabase, TimeProvider, CancellationToken>? After(string script) =>
        script.StartsWith("V0003__", StringComparison.Ordinal) ? CapturedIdsAndChecksums : null;

    private static void CapturedIdsAndChecksums(SqliteDatabase database, TimeProvider clock, CancellationToken cancellationToken)
    {
        var segments = new List<int>();
        using (var query = database.Prepare("SELECT segment_id FROM FACT_SEGMENTS"))
        {
            while (query.Step()) segments.Add(query.GetInt32(0));
        }

        foreach (var segment in segments)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FactSegments.Recompute(database, segment);
        }

        TakeRejectedOutOfStored(database, Timestamp.Now(clock).ToString());
    }

    /// <summary>Rejected ids used to count as stored, for any reason.</summary>
    private static void TakeRejectedOutOfStored(SqliteDatabase database, string now)
    {
        var rejected = new Dictionary<int, List<(long Id, bool IsConclusive)>>();
        var symbols = new SymbolTable();
        using (var query = database.Prepare(
            "SELECT symbol_id, trade_id, error_reason, record_content FROM REJECTED_TRADES WHERE symbol_id IS NOT NULL AND trade_id "
                + "BETWEEN 0 AND 1099511627775"))
        {
            while (query.Step())
            {
                var isConclusive = ErrorReasons.TryParse(query.GetText(2), out var reason)
                    && TradeJson.TryRead(query.GetBytes(3), symbols, out var trade) == ErrorReason.None
                    && reason.IsConclusive(trade.Source);
                if (!rejected.TryGetValue(query.GetInt32(0), out var ids)) rejected.Add(query.GetInt32(0), ids = []);
                ids.Add((query.GetInt64(1), isConclusive));
            }
        }

        using var statements = new CoverageStatements(database);
        var stored = SqliteReads.Captured(database);
        foreach (var symbol in SqliteReads.Coverage(database))
        {
            if (!rejected.TryGetValue(symbol.SymbolId, out var ids) || !stored.TryGetValue(symbol.SymbolId, out var before)) continue;
            var after = new CapturedIds();
            var kept = before[CoverageState.Stored].Clone();
            foreach (var (id, _) in ids) kept.Remove(new IdRange(id, id));
            foreach (var range in kept.Ranges) after.Restore(new CoverageRange(range, CoverageState.Stored));
            foreach (var (id, isConclusive) in ids) after.Reject(id, isConclusive);
            statements.Write(CoverageChange.Between(new SymbolState(symbol.SymbolId, symbol.Key), before, after), now);
        }
    }
}
