using System.Diagnostics;
using Crypto.Benchmarks.Samples;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Benchmarks.Growth;

/// <summary>An embedded warehouse that takes batch after batch of trades of so many symbols.</summary>
internal sealed class GrowingWarehouse : IDisposable
{
    /// <summary>Records of one commit, as the sink reads them from the log.</summary>
    public const int BatchSize = 8192;

    private const int BatchesPerTurn = 8;

    private static readonly LogPartition Partition = new("epoch", "stock_trades", 0);
    private static readonly int[] Indexes = [.. Enumerable.Range(0, BatchSize)];

    private readonly BenchmarkFolder _folder = new();
    private readonly SqliteWarehouse _warehouse;
    private readonly GrowingTape _tape;
    private readonly Trade[] _trades = new Trade[BatchSize];
    private readonly RawRecord[] _records = new RawRecord[BatchSize];
    private readonly byte[] _text = new byte[BatchSize * TradeJson.MaxLength];

    public GrowingWarehouse(int symbols, bool isEven = false)
    {
        _warehouse = SqliteWarehouse.Open(_folder["warehouse.db"], new SqliteWarehouseOptions(), TimeProvider.System);
        _tape = new GrowingTape(symbols, isEven);
    }

    public long Stored { get; private set; }

    /// <summary>Loads 65,536 trades, and waits until all of them were copied out of the write-ahead log: the whole cost.</summary>
    /// <returns>Nanoseconds per trade; making the batches does not count.</returns>
    public double LoadNext()
    {
        double sum = 0;
        for (var i = 0; i < BatchesPerTurn; i++) sum += LoadBatch();
        var started = Stopwatch.GetTimestamp();
        WriteAheadLog.CopyAll(_folder["warehouse.db"]);
        return (sum + Stopwatch.GetElapsedTime(started).TotalNanoseconds) / (BatchesPerTurn * BatchSize);
    }

    public void GrowTo(long trades)
    {
        while (Stored < trades) LoadNext();
    }

    public void Dispose()
    {
        _warehouse.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _folder.Dispose();
    }

    private double LoadBatch()
    {
        var position = 0;
        for (var i = 0; i < BatchSize; i++)
        {
            _trades[i] = _tape.Next();
            var length = TradeJson.Write(_trades[i], _text.AsSpan(position));
            _records[i] = new RawRecord(Stored + i, _trades[i].ReceivedTime, _text.AsMemory(position, length));
            position += length;
        }

        var batch = new WarehouseBatch
        {
            Partition = Partition,
            FromOffset = Stored,
            NextOffset = Stored + BatchSize,
            Records = _records,
            Trades = _trades,
            TradeRecords = Indexes,
        };
        var started = Stopwatch.GetTimestamp();
        var stored = _warehouse.LoadAsync(batch, CancellationToken.None).AsTask().GetAwaiter().GetResult().Stored;
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (stored != BatchSize) throw new InvalidOperationException($"{stored} of {BatchSize} trades were stored.");
        Stored += BatchSize;
        return elapsed.TotalNanoseconds;
    }
}
