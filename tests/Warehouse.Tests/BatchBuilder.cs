using System.Text;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests;

/// <summary>The batches of one partition of a log, one after the other: each starts where the one before ended.</summary>
internal sealed class BatchBuilder(int partition = 0, string topic = "stock_trades", string epoch = "e1", long firstOffset = 0)
{
    private readonly List<RawRecord> _records = [];
    private readonly List<Trade> _trades = [];
    private readonly List<int> _tradeRecords = [];
    private readonly List<RejectedRecord> _rejected = [];
    private readonly List<GapVerdict> _verdicts = [];
    private long _from = firstOffset;
    private long _next = firstOffset;

    public LogPartition Partition { get; } = new(epoch, topic, partition);

    /// <summary>False for a topic whose records all become rejections, as that of the dead letters.</summary>
    public bool KeepRaw { get; init; } = true;

    /// <summary>Appends trades, their values in the contract's JSON.</summary>
    public BatchBuilder Add(params ReadOnlySpan<Trade> trades)
    {
        foreach (ref readonly var trade in trades)
        {
            var value = new byte[TradeJson.MaxLength];
            var length = TradeJson.Write(trade, value);
            _tradeRecords.Add(_records.Count);
            _trades.Add(trade);
            AddRecord(value.AsMemory(0, length));
        }

        return this;
    }

    /// <summary>Appends a record that is no trade.</summary>
    public BatchBuilder AddUnreadable(byte[] value, ErrorReason reason = ErrorReason.MalformedJson, string? identity = null)
    {
        _rejected.Add(new RejectedRecord(_next, reason, "for a person", TestTrades.Start, value, identity));
        AddRecord(value);
        return this;
    }

    /// <summary>Appends a record that says what became of missing trades.</summary>
    public BatchBuilder AddVerdict(Symbol symbol, IdRange ids, CoverageState state)
    {
        _verdicts.Add(new GapVerdict(_records.Count, symbol, ids, state));
        AddRecord(Encoding.UTF8.GetBytes($$"""{"verdict":"{{state.Name()}}","from_id":{{ids.From}},"to_id":{{ids.To}}}"""));
        return this;
    }

    /// <summary>Leaves offsets out, as a log does that keeps markers of its own among the records.</summary>
    public BatchBuilder Skip(int offsets)
    {
        _next += offsets;
        return this;
    }

    /// <summary>What was added since the last batch.</summary>
    public WarehouseBatch Build()
    {
        var batch = new WarehouseBatch
        {
            Partition = Partition,
            FromOffset = _from,
            NextOffset = _next,
            Records = _records.ToArray(),
            Trades = _trades.ToArray(),
            TradeRecords = _tradeRecords.ToArray(),
            Rejected = [.. _rejected],
            Verdicts = [.. _verdicts],
            KeepRaw = KeepRaw,
        };
        _from = _next;
        _records.Clear();
        _trades.Clear();
        _verdicts.Clear();
        _tradeRecords.Clear();
        _rejected.Clear();
        return batch;
    }

    /// <summary>A batch of these trades.</summary>
    public WarehouseBatch Of(params ReadOnlySpan<Trade> trades) => Add(trades).Build();

    private void AddRecord(ReadOnlyMemory<byte> value) =>
        _records.Add(new RawRecord(_next++, new Timestamp(TestTrades.Start.Microseconds + _next), value));
}
