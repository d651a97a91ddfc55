using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Sqlite;

/// <summary>Where a fact lies and what it says.</summary>
internal readonly record struct StoredContent(long RowId, TradeContent Content);

/// <summary>Finds facts by symbol and trade id. There is no index for it: the segments' trade times tell where to look.</summary>
internal sealed class StoredFacts(SqliteDatabase database) : IDisposable
{
    private const string Columns = "f.row_id, f.trade_id, f.price, f.quantity, f.trade_time, f.aggressor_side";

    private readonly SqliteStatement _near = database.Prepare(
        $"""
        SELECT {Columns} FROM FACT_SEGMENTS AS s
        JOIN FACT_TRADES AS f ON f.row_id >= (s.segment_id << 40) + ?1 AND f.row_id < (s.segment_id << 40) + ?2
        WHERE s.last_trade_time >= ?5 AND s.first_trade_time <= ?6 AND f.trade_id BETWEEN ?3 AND ?4
        """);

    private readonly SqliteStatement _anywhere = database.Prepare(
        $"""
        SELECT {Columns} FROM FACT_SEGMENTS AS s
        JOIN FACT_TRADES AS f ON f.row_id >= (s.segment_id << 40) + ?1 AND f.row_id < (s.segment_id << 40) + ?2
        WHERE f.trade_id BETWEEN ?3 AND ?4
        """);

    /// <param name="wanted">Trades whose facts are wanted, by symbol id.</param>
    /// <returns>By fact id; an id that is not stored is left out.</returns>
    public Dictionary<long, StoredContent> Find(IReadOnlyDictionary<int, List<Trade>> wanted)
    {
        var found = new Dictionary<long, StoredContent>();
        foreach (var (symbolId, trades) in wanted) Find(symbolId, trades, found);
        return found;
    }

    public void Dispose()
    {
        _near.Dispose();
        _anywhere.Dispose();
    }

    private void Find(int symbolId, List<Trade> wanted, Dictionary<long, StoredContent> found)
    {
        Bind(_near, symbolId, wanted)
            .Bind(5, wanted.Min(trade => trade.TradeTime).Microseconds)
            .Bind(6, wanted.Max(trade => trade.TradeTime).Microseconds);
        Read(_near, symbolId, found);

        // What was stored with another time may lie in any segment.
        var missed = wanted.FindAll(trade => !found.ContainsKey(FactId.Of(symbolId, trade.TradeId)));
        if (missed.Count == 0) return;
        Bind(_anywhere, symbolId, missed);
        Read(_anywhere, symbolId, found);
    }

    private static SqliteStatement Bind(SqliteStatement statement, int symbolId, List<Trade> wanted) => statement
        .Bind(1, FactRowId.Within(symbolId))
        .Bind(2, FactRowId.Within(symbolId + 1))
        .Bind(3, wanted.Min(trade => trade.TradeId))
        .Bind(4, wanted.Max(trade => trade.TradeId));

    private static void Read(SqliteStatement statement, int symbolId, Dictionary<long, StoredContent> found)
    {
        while (statement.Step())
        {
            var content = new TradeContent(
                new Price(statement.GetInt64(2)), new Quantity(statement.GetInt64(3)), new Timestamp(statement.GetInt64(4)),
                (AggressorSide)statement.GetInt64(5));
            found[FactId.Of(symbolId, statement.GetInt64(1))] = new StoredContent(statement.GetInt64(0), content);
        }
    }
}
