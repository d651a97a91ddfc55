using System.Text;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Microsoft.Data.Sqlite;

namespace Crypto.Benchmarks.Stores;

/// <summary>
/// The usual way to write trades with Microsoft.Data.Sqlite: prepared commands, a row at a time, a transaction per batch.
/// </summary>
internal sealed class RowByRowWarehouse : IDisposable
{
    private const string Schema =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL;
        CREATE TABLE STOCK_TRADES_RAW (topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
            received_time INTEGER NOT NULL, record_content TEXT NOT NULL, PRIMARY KEY (topic, partition, offset)) WITHOUT ROWID;
        CREATE TABLE FACT_TRADES (fact_id INTEGER PRIMARY KEY, symbol_key INTEGER NOT NULL, trade_id INTEGER NOT NULL,
            trade_time INTEGER NOT NULL, price INTEGER NOT NULL, quantity INTEGER NOT NULL, total_amount_usd INTEGER,
            aggressor_side INTEGER NOT NULL, ingest_source INTEGER NOT NULL, quality_flags INTEGER NOT NULL);
        CREATE TABLE TRADE_COVERAGE (symbol TEXT PRIMARY KEY, from_id INTEGER NOT NULL, to_id INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE LOG_POSITIONS (topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)) WITHOUT ROWID;
        """;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _raw;
    private readonly SqliteCommand _fact;
    private readonly SqliteCommand _coverage;
    private readonly SqliteCommand _position;
    private readonly Dictionary<Symbol, int> _symbolIds = [];

    public RowByRowWarehouse(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        using (var schema = _connection.CreateCommand())
        {
            schema.CommandText = Schema;
            schema.ExecuteNonQuery();
        }

        _raw = Prepare("INSERT INTO STOCK_TRADES_RAW VALUES ($1, $2, $3, $4, $5)", 5);
        _fact = Prepare("INSERT OR IGNORE INTO FACT_TRADES VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", 10);
        _coverage = Prepare(
            """
            INSERT INTO TRADE_COVERAGE VALUES ($1, $2, $3)
            ON CONFLICT (symbol) DO UPDATE SET from_id = min(from_id, excluded.from_id), to_id = max(to_id, excluded.to_id)
            """,
            3);
        _position = Prepare(
            "INSERT INTO LOG_POSITIONS VALUES ($1, $2, $3) ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
            3);
    }

    /// <returns>Facts stored.</returns>
    public long Load(WarehouseBatch batch)
    {
        using var transaction = _connection.BeginTransaction();
        var ranges = new Dictionary<Symbol, (long From, long To)>();
        long stored = 0;
        foreach (ref readonly var record in batch.Records.Span)
        {
            Run(
                _raw, transaction, batch.Partition.Topic, batch.Partition.Partition, record.Offset, record.AppendedTime.Microseconds,
                Encoding.UTF8.GetString(record.Value.Span));
        }

        foreach (ref readonly var trade in batch.Trades.Span)
        {
            if (!_symbolIds.TryGetValue(trade.Symbol, out var symbolId)) _symbolIds.Add(trade.Symbol, symbolId = _symbolIds.Count + 1);
            stored += Store(transaction, symbolId, trade);
            ranges[trade.Symbol] = ranges.TryGetValue(trade.Symbol, out var range)
                ? (Math.Min(range.From, trade.TradeId), Math.Max(range.To, trade.TradeId))
                : (trade.TradeId, trade.TradeId);
        }

        foreach (var (symbol, (from, to)) in ranges) Run(_coverage, transaction, symbol.Ticker, from, to);
        Run(_position, transaction, batch.Partition.Topic, batch.Partition.Partition, batch.NextOffset);
        transaction.Commit();
        return stored;
    }

    public static (long, long, long, long) Row(string path, string query)
    {
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var row = command.ExecuteReader();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));
    }

    public void Dispose()
    {
        foreach (var command in new[] { _raw, _fact, _coverage, _position }) command.Dispose();
        _connection.Dispose();
    }

    private int Store(SqliteTransaction transaction, int symbolId, in Trade trade)
    {
        var amount = (long)decimal.Round((decimal)trade.Price.Scaled * trade.Quantity.Scaled / FixedPoint.One, MidpointRounding.ToEven);
        return Run(
            _fact, transaction, FactId.Of(
                symbolId, trade.TradeId), symbolId, trade.TradeId, trade.TradeTime.Microseconds, trade.Price.Scaled, trade.Quantity.Scaled,
            amount, (int)trade.Aggressor, (int)trade.Source, 0);
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}", Value = 0L });
        command.Prepare();
        return command;
    }

    private static int Run(SqliteCommand command, SqliteTransaction transaction, params ReadOnlySpan<object> values)
    {
        command.Transaction = transaction;
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        return command.ExecuteNonQuery();
    }
}
