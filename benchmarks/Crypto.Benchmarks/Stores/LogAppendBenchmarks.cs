using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Microsoft.Data.Sqlite;

namespace Crypto.Benchmarks.Stores;

/// <summary>
/// What does it cost to put a trade into the embedded log, safe from a power cut, and to read it back?
/// <code>
/// records ──▶ [ append, synced ] ──▶ file ──▶ [ read in order ] ──▶ bytes
/// </code>
/// The log syncs once per batch of 8,192 and is copied out of its write-ahead log; the alternative inserts a row per trade in one single
/// transaction, and syncs once.
/// </summary>
[MemoryDiagnoser]
[WarmupCount(2)]
[IterationCount(9)]
public class LogAppendBenchmarks : IDisposable
{
    private const int Trades = 65_536;
    private const int BatchSize = 8192;

    private readonly List<RecordBatch> _batches = [];
    private BenchmarkFolder? _folder;
    private EmbeddedTradeLog? _log;
    private SqliteConnection? _table;

    [GlobalSetup]
    public void Setup()
    {
        var trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Trades);
        for (var start = 0; start < Trades; start += BatchSize)
        {
            var batch = new RecordBatch();
            foreach (ref readonly var trade in trades.AsSpan(start, BatchSize))
            {
                batch.End(TradeJson.Write(trade, batch.Begin(trade.Symbol.Utf8, TradeJson.MaxLength)));
            }

            _batches.Add(batch);
        }
    }

    [IterationSetup]
    public void Open()
    {
        _folder = new BenchmarkFolder();
        _log = EmbeddedTradeLog.Open(_folder["log.db"], new EmbeddedTradeLogOptions(), TimeProvider.System);
        _table = new SqliteConnection($"Data Source={_folder["table.db"]};Pooling=False");
        _table.Open();
        Execute("CREATE TABLE records (record_offset INTEGER PRIMARY KEY, record_key BLOB NOT NULL, record_value BLOB NOT NULL)");
    }

    [IterationCleanup]
    public void Close()
    {
        _log?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _table?.Dispose();
        _folder?.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long EmbeddedLog()
    {
        foreach (var batch in _batches)
        {
            var appending = _log!.AppendAsync(Topics.StockTrades, batch, CancellationToken.None);
            appending.AsTask().GetAwaiter().GetResult();
        }

        WriteAheadLog.CopyAll(_folder!["log.db"]);
        long sum = 0;
        var reader = _log!.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 0 });
        while (reader.TryRead(BatchSize) is { } slice)
        {
            foreach (ref readonly var record in slice.Records.Span) sum += record.Value.Length + record.Value.Span[^3];
        }

        reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Trades)]
    public long InsertPerTrade()
    {
        using (var transaction = _table!.BeginTransaction())
        {
            using var insert = _table.CreateCommand();
            insert.Transaction = transaction;
            insert.CommandText = "INSERT INTO records (record_key, record_value) VALUES ($key, $value)";
            var key = insert.Parameters.Add("$key", SqliteType.Blob);
            var value = insert.Parameters.Add("$value", SqliteType.Blob);
            insert.Prepare();
            foreach (var batch in _batches)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    key.Value = batch.Key(i).ToArray();
                    value.Value = batch.Value(i).ToArray();
                    insert.ExecuteNonQuery();
                }
            }

            transaction.Commit();
        }

        long sum = 0;
        using var select = _table.CreateCommand();
        select.CommandText = "SELECT record_value FROM records ORDER BY record_offset";
        using var rows = select.ExecuteReader();
        while (rows.Read())
        {
            var record = rows.GetFieldValue<byte[]>(0);
            sum += record.Length + record[^3];
        }

        return sum;
    }

    public void Dispose()
    {
        foreach (var batch in _batches) batch.Dispose();
        _table?.Dispose();
        _folder = null;
    }

    private void Execute(string sql)
    {
        using var command = _table!.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
