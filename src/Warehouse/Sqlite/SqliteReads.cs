using System.Collections.Immutable;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Rows of the embedded warehouse as the types they mean. Shared by the writer, the audits and the commands that only read.
/// </summary>
public static class SqliteReads
{
    internal const string ChangeColumns = "source, sequence, exchange, ticker, operation, valid_time, recorded_time, attributes";

    public static IReadOnlyList<KeyValuePair<LogPartition, long>> Positions(SqliteDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        var positions = new List<KeyValuePair<LogPartition, long>>();
        using var query = database.Prepare("SELECT epoch, topic, partition, next_offset FROM LOG_POSITIONS");
        while (query.Step())
        {
            positions.Add(new(new LogPartition(query.GetText(0), query.GetText(1), query.GetInt32(2)), query.GetInt64(3)));
        }

        return positions;
    }

    /// <summary>The segment of <c>FACT_TRADES</c> begun last; 0 when there is none.</summary>
    internal static int LastSegment(SqliteDatabase database)
    {
        using var query = database.Prepare("SELECT coalesce(max(segment_id), 0) FROM FACT_SEGMENTS");
        return (int)query.Scalar()!.Value;
    }

    /// <summary>Coverage and open gaps per symbol, in order of ticker; symbols without a trade included.</summary>
    public static IReadOnlyList<SymbolCoverage> Coverage(SqliteDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        var captured = Captured(database);
        var gaps = new Dictionary<int, List<OpenGap>>();
        using (var query = database.Prepare(
            "SELECT symbol_id, from_id, to_id, found, state FROM TRADE_GAPS WHERE closed IS NULL ORDER BY symbol_id, from_id"))
        {
            while (query.Step())
            {
                RangesOf(gaps, query.GetInt32(0)).Add(new OpenGap(
                    new IdRange(query.GetInt64(1), query.GetInt64(2)), Timestamp.Parse(query.GetText(3)),
                    GapStates.Parse(query.GetText(4))));
            }
        }

        var symbols = new List<SymbolCoverage>();
        using (var query = database.Prepare("SELECT symbol_id, exchange, ticker FROM SYMBOLS ORDER BY ticker, exchange"))
        {
            while (query.Step())
            {
                var id = query.GetInt32(0);
                var ids = captured.GetValueOrDefault(id) ?? new CapturedIds();
                symbols.Add(new SymbolCoverage(new NaturalKey(query.GetText(1), query.GetText(2)), id, ids, RangesOf(gaps, id)));
            }
        }

        return symbols;
    }

    /// <summary>When stored trades of a symbol were made, by id. Reads all its facts: there is no index by trade id.</summary>
    public static IReadOnlyDictionary<long, Timestamp> TradeTimes(SqliteDatabase database, int symbolId, IReadOnlyList<long> ids)
    {
        ArgumentNullException.ThrowIfNull(database);
        var times = new Dictionary<long, Timestamp>();
        using var query = database.Prepare(
            """
            SELECT f.trade_id, f.trade_time FROM FACT_SEGMENTS AS s
            JOIN FACT_TRADES AS f ON f.row_id >= (s.segment_id << 40) + ?1 AND f.row_id < (s.segment_id << 40) + ?2
            WHERE f.trade_id IN (SELECT value FROM json_each(?3))
            """);
        query.Bind(1, FactRowId.Within(symbolId)).Bind(2, FactRowId.Within(symbolId + 1)).Bind(3, $"[{string.Join(',', ids)}]");
        while (query.Step()) times[query.GetInt64(0)] = new Timestamp(query.GetInt64(1));
        return times;
    }

    /// <summary>What was captured, by symbol id; symbols without a trade left out.</summary>
    internal static IReadOnlyDictionary<int, CapturedIds> Captured(SqliteDatabase database)
    {
        var captured = new Dictionary<int, CapturedIds>();
        using var query = database.Prepare("SELECT symbol_id, from_id, to_id, state FROM TRADE_COVERAGE ORDER BY symbol_id, from_id");
        while (query.Step())
        {
            if (!captured.TryGetValue(query.GetInt32(0), out var ids)) captured.Add(query.GetInt32(0), ids = new CapturedIds());
            ids.Restore(new CoverageRange(new IdRange(query.GetInt64(1), query.GetInt64(2)), CoverageStates.Parse(query.GetText(3))));
        }

        return captured;
    }

    /// <summary>Which of these rejections stand in <c>REJECTED_TRADES</c>.</summary>
    internal static IReadOnlySet<string> KnownRejections(SqliteDatabase database, IReadOnlyCollection<string> identities)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        using var query = database.Prepare("SELECT 1 FROM REJECTED_TRADES WHERE identity = ?");
        foreach (var identity in identities)
        {
            if (query.Bind(1, identity).Scalar() is not null) known.Add(identity);
        }

        return known;
    }

    /// <summary>The trades that came with another content than the one stored, and of which no correction has come.</summary>
    public static IReadOnlySet<TradeKey> TradeConflicts(SqliteDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        var conflicts = new HashSet<TradeKey>();
        using var query = database.Prepare("SELECT ticker, trade_id FROM REJECTED_TRADES WHERE error_reason = 'content_conflict'");
        while (query.Step()) conflicts.Add(new TradeKey(query.GetText(0), query.GetInt64(1)));
        return conflicts;
    }

    /// <summary>The rows of current knowledge, in order of symbol and valid time.</summary>
    public static IReadOnlyList<SymbolVersion> CurrentVersions(SqliteDatabase database) =>
        [.. Versions(database, believedAt: null, key: null, isCurrent: true).Select(row => row.Version)];

    /// <summary>Every row ever believed, in order of symbol, recorded time and valid time.</summary>
    public static IReadOnlyList<RecordedVersion> AllVersions(SqliteDatabase database) => Versions(database, null, null, isCurrent: false);

    /// <summary>Every row ever believed of one symbol.</summary>
    public static IReadOnlyList<RecordedVersion> VersionsOf(SqliteDatabase database, NaturalKey key) =>
        Versions(database, null, key, isCurrent: false);

    /// <summary>The rows that were believed at an instant, in order of symbol and valid time.</summary>
    public static IReadOnlyList<RecordedVersion> VersionsKnownAt(SqliteDatabase database, Timestamp time) =>
        Versions(database, time, null, isCurrent: false);

    private static List<RecordedVersion> Versions(SqliteDatabase database, Timestamp? believedAt, NaturalKey? key, bool isCurrent)
    {
        ArgumentNullException.ThrowIfNull(database);
        var versions = new List<RecordedVersion>();
        using var query = database.Prepare(
            """
            SELECT s.exchange, v.ticker, v.valid_from, v.valid_to, v.is_deleted, v.is_inferred, v.recorded_from, v.recorded_to,
                   v.base_asset, v.quote_asset, v.sector, v.risk_level, v.status, v.tick_size, v.step_size
            FROM DIM_SYMBOL_VERSIONS AS v JOIN SYMBOLS AS s USING (symbol_id)
            WHERE (?1 = 0 OR v.recorded_to = 253402214400000000)
              AND (?2 IS NULL OR (v.recorded_from <= ?2 AND v.recorded_to > ?2))
              AND (?3 IS NULL OR (s.exchange = ?3 AND s.ticker = ?4))
            ORDER BY v.symbol_id, CASE ?1 WHEN 0 THEN v.recorded_from END, v.valid_from
            """);
        query.Bind(1, isCurrent ? 1 : 0).Bind(2, believedAt?.Microseconds).Bind(3, key?.Exchange).Bind(4, key?.Ticker);
        while (query.Step())
        {
            var attributes = ImmutableSortedDictionary.CreateBuilder<SymbolAttribute, string?>();
            foreach (var attribute in SymbolAttributes.All)
            {
                if (query.GetTextOrNull(8 + (int)attribute) is { } value) attributes.Add(attribute, value);
            }

            var version = new SymbolVersion(
                new NaturalKey(query.GetText(0), query.GetText(1)),
                new Timestamp(query.GetInt64(2)),
                new Timestamp(query.GetInt64(3)),
                query.GetInt64(4) != 0,
                query.GetInt64(5) != 0,
                attributes.ToImmutable());
            versions.Add(new RecordedVersion(version, new Timestamp(query.GetInt64(6)), new Timestamp(query.GetInt64(7))));
        }

        return versions;
    }

    /// <summary>All statements of a source, or all; oldest first.</summary>
    public static IReadOnlyList<SymbolChange> Changes(SqliteDatabase database, ChangeSource? source = null)
    {
        ArgumentNullException.ThrowIfNull(database);
        using var query = database.Prepare(
            $"SELECT {ChangeColumns} FROM SYMBOL_CHANGES WHERE ?1 IS NULL OR source = ?1 ORDER BY change_id");
        return Changes(query.Bind(1, source?.Name()));
    }

    /// <param name="query">Gives <see cref="ChangeColumns"/>.</param>
    internal static List<SymbolChange> Changes(SqliteStatement query)
    {
        var changes = new List<SymbolChange>();
        while (query.Step())
        {
            changes.Add(new SymbolChange(
                ChangeSources.Parse(query.GetText(0)),
                query.GetInt64(1),
                new NaturalKey(query.GetText(2), query.GetText(3)),
                query.GetText(4) == "DELETE" ? ChangeOperation.Delete : ChangeOperation.Upsert,
                new Timestamp(query.GetInt64(5)),
                new Timestamp(query.GetInt64(6)),
                AttributesJson.Parse(query.GetText(7))));
        }

        return changes;
    }

    /// <summary>The statements about a symbol that did not take effect.</summary>
    public static IReadOnlyList<ConflictRow> Conflicts(SqliteDatabase database, NaturalKey key)
    {
        ArgumentNullException.ThrowIfNull(database);
        var conflicts = new List<ConflictRow>();
        using var query = database.Prepare(
            """
            SELECT c.attribute, c.valid_time, c.rule, c.loser_source, c.loser_value, c.winner_source, c.winner_value
            FROM SYMBOL_CONFLICTS AS c JOIN SYMBOLS AS s USING (symbol_id)
            WHERE s.exchange = ? AND s.ticker = ? ORDER BY c.valid_time, c.attribute, c.loser_hash
            """);
        query.Bind(1, key.Exchange).Bind(2, key.Ticker);
        while (query.Step())
        {
            conflicts.Add(new ConflictRow(
                query.GetText(0), new Timestamp(query.GetInt64(1)).ToString(), query.GetText(2), query.GetText(3), query.GetTextOrNull(4),
                query.GetTextOrNull(5), query.GetTextOrNull(6)));
        }

        return conflicts;
    }


    private static List<T> RangesOf<T>(Dictionary<int, List<T>> bySymbol, int id)
    {
        if (!bySymbol.TryGetValue(id, out var ranges)) bySymbol.Add(id, ranges = []);
        return ranges;
    }
}
