using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Benchmarks.Stores;

/// <summary>
/// What does it cost to store a trade: raw record, fact bound to its dimension version, coverage?
/// <code>
/// records + trades ──▶ [ one transaction per 8,192 ] ──▶ raw · fact · coverage · position
/// </code>
/// Both sides write the same columns to a file in WAL mode and commit equally often, without a sync per commit; both are done when
/// everything is in the file.
/// </summary>
[MemoryDiagnoser]
[WarmupCount(2)]
[IterationCount(9)]
public class WarehouseLoadBenchmarks
{
    private const int Trades = 65_536;
    private const int BatchSize = 8192;

    private static readonly LogPartition Partition = new("epoch", "stock_trades", 0);

    private readonly List<WarehouseBatch> _batches = [];
    private BenchmarkFolder? _folder;
    private SqliteWarehouse? _warehouse;
    private RowByRowWarehouse? _rowByRow;

    [GlobalSetup]
    public void Setup()
    {
        var trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Trades);
        var buffer = new byte[TradeJson.MaxLength];
        var records = trades
            .Select((trade, offset) => new RawRecord(
                offset, trade.ReceivedTime, buffer.AsSpan(0, TradeJson.Write(trade, buffer)).ToArray()))
            .ToArray();
        for (var start = 0; start < Trades; start += BatchSize)
        {
            _batches.Add(new WarehouseBatch
            {
                Partition = Partition,
                FromOffset = start,
                NextOffset = start + BatchSize,
                Records = records.AsMemory(start, BatchSize),
                Trades = trades.AsMemory(start, BatchSize),
                TradeRecords = Enumerable.Range(0, BatchSize).ToArray(),
            });
        }

        CheckRows(trades);
    }

    [IterationSetup]
    public void Open()
    {
        _folder = new BenchmarkFolder();
        _warehouse = SqliteWarehouse.Open(_folder["warehouse.db"], new SqliteWarehouseOptions(), TimeProvider.System);
        _rowByRow = new RowByRowWarehouse(_folder["rows.db"]);
    }

    [IterationCleanup]
    public void Close()
    {
        _warehouse?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _rowByRow?.Dispose();
        _folder?.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long SqliteWarehouseLoad()
    {
        long stored = 0;
        foreach (var batch in _batches)
        {
            var loading = _warehouse!.LoadAsync(batch, CancellationToken.None);
            stored += loading.AsTask().GetAwaiter().GetResult().Stored;
        }

        WriteAheadLog.CopyAll(_folder!["warehouse.db"]);
        return stored;
    }

    [Benchmark(OperationsPerInvoke = Trades)]
    public long InsertPerRow()
    {
        long stored = 0;
        foreach (var batch in _batches) stored += _rowByRow!.Load(batch);
        WriteAheadLog.CopyAll(_folder!["rows.db"]);
        return stored;
    }

    private void CheckRows(Trade[] trades)
    {
        Open();
        SqliteWarehouseLoad();
        InsertPerRow();
        const string Facts = "SELECT count(*), sum(price % 1000003), sum(quantity % 1000003), sum(total_amount_usd % 1000003) FROM "
            + "FACT_TRADES";
        const string Coverage = "SELECT count(*), sum(from_id), sum(to_id), 0 FROM TRADE_COVERAGE";
        foreach (var query in new[] { Facts, Coverage })
        {
            var ours = RowByRowWarehouse.Row(_folder!["warehouse.db"], query);
            var theirs = RowByRowWarehouse.Row(_folder["rows.db"], query);
            if (ours != theirs) throw new InvalidOperationException($"{query} gives {ours} and {theirs}.");
        }

        var count = RowByRowWarehouse.Row(_folder!["warehouse.db"], Facts).Item1;
        if (count != trades.Length) throw new InvalidOperationException($"{count} facts of {trades.Length} trades.");
        Close();
    }
}
