using System.Collections;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Facts found by id while raw records go by in order of arrival: those of the segments of about the same time are held in memory, others
/// are looked up. Remembers, a bit for each, which facts were met.
/// </summary>
internal sealed class FactsNearby : IDisposable
{
    private const int MostSegments = 8;

    private readonly SqliteDatabase _database;
    private readonly StoredFacts _elsewhere;
    private readonly SqliteStatement _segment;
    private readonly List<(int Id, long Facts, long First, long Last)> _segments = [];
    private readonly Dictionary<int, BitArray> _met = [];
    private readonly Dictionary<int, Dictionary<long, StoredContent>> _loaded = [];
    private Dictionary<long, StoredContent> _found = [];

    public FactsNearby(SqliteDatabase database)
    {
        _database = database;
        _elsewhere = new StoredFacts(database);
        _segment = database.Prepare(
            "SELECT fact_id, row_id, price, quantity, trade_time, aggressor_side FROM FACT_TRADES WHERE row_id >= ?1 << 40 AND row_id < "
                + "(?1 + 1) << 40");
        using var segments = database.Prepare(
            "SELECT segment_id, facts, first_trade_time, last_trade_time FROM FACT_SEGMENTS ORDER BY segment_id");
        while (segments.Step()) _segments.Add((segments.GetInt32(0), segments.GetInt64(1), segments.GetInt64(2), segments.GetInt64(3)));
    }

    /// <summary>Makes ready for these trades.</summary>
    public void MoveTo(IReadOnlyList<(long Offset, long FactId, Trade Trade)> trades)
    {
        _found = [];
        if (trades.Count == 0) return;
        var (first, last) = (trades.Min(row => row.Trade.TradeTime).Microseconds, trades.Max(row => row.Trade.TradeTime).Microseconds);
        var near = _segments.Where(segment => segment.Last >= first && segment.First <= last).Select(segment => segment.Id).ToHashSet();
        if (near.Count <= MostSegments)
        {
            foreach (var gone in _loaded.Keys.Where(id => !near.Contains(id)).ToList()) _loaded.Remove(gone);
            foreach (var id in near) Load(id);
        }

        var missing = trades.Where(row => !IsLoaded(row.FactId)).ToList();
        if (missing.Count == 0) return;
        _found = _elsewhere.Find(missing
            .GroupBy(row => FactId.SymbolId(row.FactId), row => row.Trade)
            .ToDictionary(symbol => symbol.Key, symbol => symbol.ToList()));
    }

    public bool Agrees(long factId, in TradeContent content) => TryFind(factId, out var stored) && stored.Content.AgreesWith(content);

    /// <summary>Finds a fact, which counts as met if it agrees.</summary>
    public bool TryMatch(long factId, in TradeContent content, out TradeContent stored)
    {
        stored = default;
        if (!TryFind(factId, out var fact)) return false;
        stored = fact.Content;
        if (stored.AgreesWith(content)) Meet(fact.RowId);
        return true;
    }

    /// <summary>The facts that were not met, each readable on its own.</summary>
    public IEnumerable<string> Unmatched()
    {
        foreach (var (id, facts, _, _) in _segments)
        {
            var met = _met.GetValueOrDefault(id);
            if (met is not null && Count(met) == facts) continue;
            using var rows = _database.Prepare(
                """
                SELECT f.row_id, coalesce(s.ticker, 'symbol ' || (f.fact_id >> 40)), f.trade_id
                FROM FACT_TRADES AS f LEFT JOIN SYMBOLS AS s ON s.symbol_id = f.fact_id >> 40
                WHERE f.row_id >= ?1 << 40 AND f.row_id < (?1 + 1) << 40
                """);
            rows.Bind(1, id);
            while (rows.Step())
            {
                if (!IsMet(met, FactRowId.Place(rows.GetInt64(0)))) yield return $"{rows.GetText(1)} {rows.GetInt64(2)} in segment {id}";
            }
        }
    }

    public void Dispose()
    {
        _elsewhere.Dispose();
        _segment.Dispose();
    }

    private void Load(int id)
    {
        if (_loaded.ContainsKey(id)) return;
        var facts = new Dictionary<long, StoredContent>();
        _segment.Bind(1, id);
        while (_segment.Step())
        {
            facts[_segment.GetInt64(0)] = new StoredContent(
                _segment.GetInt64(1),
                new TradeContent(
                    new Price(_segment.GetInt64(2)), new Quantity(_segment.GetInt64(3)), new Timestamp(_segment.GetInt64(4)),
                    (AggressorSide)_segment.GetInt64(5)));
        }

        _loaded.Add(id, facts);
    }

    private bool IsLoaded(long factId)
    {
        foreach (var facts in _loaded.Values)
        {
            if (facts.ContainsKey(factId)) return true;
        }

        return false;
    }

    private bool TryFind(long factId, out StoredContent fact)
    {
        foreach (var facts in _loaded.Values)
        {
            if (facts.TryGetValue(factId, out fact)) return true;
        }

        return _found.TryGetValue(factId, out fact);
    }

    private void Meet(long rowId)
    {
        var (segment, place) = (FactRowId.Segment(rowId), FactRowId.Place(rowId));
        if (!_met.TryGetValue(segment, out var met)) _met.Add(segment, met = new BitArray(2 * FactSegment.Full));
        if (place >= met.Length) met.Length = FactRowId.MaxPlaces;
        met[place] = true;
    }

    private static bool IsMet(BitArray? met, int place) => met is not null && place < met.Length && met[place];

    private static long Count(BitArray met)
    {
        long count = 0;
        foreach (bool bit in met) count += bit ? 1 : 0;
        return count;
    }
}
