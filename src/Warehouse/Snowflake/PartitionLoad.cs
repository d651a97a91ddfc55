using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Snowflake;

/// <summary>One partition of the log on its way into the tables: its two channels, and what was loaded since the last checkpoint.</summary>
internal sealed class PartitionLoad : IDisposable
{
    private readonly byte[] _epoch;
    private readonly byte[] _topic;
    private readonly byte[] _metadataStart;
    private readonly byte[] _metadata;

    public PartitionLoad(LogPartition partition, StoredPosition? stored, long from)
    {
        Partition = partition;
        Stored = stored;
        Checkpointed = stored?.Next ?? from;
        Next = Checkpointed;
        _epoch = Encoding.UTF8.GetBytes(partition.Epoch);
        _topic = Encoding.UTF8.GetBytes(partition.Topic);
        var (epoch, topic) = (JsonSerializer.Serialize(partition.Epoch), JsonSerializer.Serialize(partition.Topic));
        _metadataStart = Encoding.UTF8.GetBytes(FormattableString.Invariant(
            $"{{\"epoch\":{epoch},\"topic\":{topic},\"partition\":{partition.Partition},\"offset\":"));
        _metadata = new byte[_metadataStart.Length + 128];
        _metadataStart.CopyTo(_metadata, 0);
    }

    public LogPartition Partition { get; }

    /// <summary>The row as it was read; null when there is none yet.</summary>
    public StoredPosition? Stored { get; set; }

    /// <summary>Where the last checkpoint stands.</summary>
    public long Checkpointed { get; set; }

    /// <summary>Where the rows stand.</summary>
    public long Next { get; set; }

    public long Records { get; set; }

    public LoadOutcome Outcome { get; set; }

    public RowBatch Raw { get; } = new();

    public RowBatch Facts { get; } = new();

    public StreamingChannel? RawChannel { get; set; }

    public StreamingChannel? FactChannel { get; set; }

    /// <summary>Whether a checkpoint has something to say of it.</summary>
    public bool IsPending => Next != Checkpointed || (Stored is null && Records > 0);

    public void AddRaw(in RawRecord record, bool isKnownJson)
    {
        var row = Raw.BeginRow(record.Offset);
        row.Json("RECORD_METADATA"u8, Metadata(record));
        if (isKnownJson || RawBatchText.IsJsonObject(record.Value.Span)) row.Json("RECORD_CONTENT"u8, record.Value.Span);
        else row.Base64Object("RECORD_CONTENT"u8, "unreadable"u8, record.Value.Span);
        Origin(ref row, record.Offset);
        row.Timestamp("RECEIVED_TIME"u8, record.AppendedTime);
        row.End();
    }

    public void AddFact(in PlannedFact fact, in Trade trade, long offset)
    {
        var row = Facts.BeginRow(offset);
        row.Number("FACT_ID"u8, fact.FactId);
        row.Number("SYMBOL_KEY"u8, fact.SymbolKey);
        row.Number("TRADE_ID"u8, trade.TradeId);
        row.Timestamp("TRADE_TIME"u8, trade.TradeTime);
        row.FixedPoint("PRICE"u8, trade.Price.Scaled);
        row.FixedPoint("QUANTITY"u8, trade.Quantity.Scaled);
        if (fact.TotalAmountUsd is { } known) row.FixedPoint("TOTAL_AMOUNT_USD"u8, known.Scaled);
        row.Number("AGGRESSOR_SIDE"u8, (long)trade.Aggressor);
        row.Number("INGEST_SOURCE"u8, (long)trade.Source);
        row.Number("QUALITY_FLAGS"u8, (long)fact.Flags);
        Origin(ref row, offset);
        row.End();
    }

    public void Dispose()
    {
        Raw.Dispose();
        Facts.Dispose();
    }

    private void Origin(ref RowWriter row, long offset)
    {
        row.Text("LOG_EPOCH"u8, _epoch);
        row.Text("LOG_TOPIC"u8, _topic);
        row.Number("LOG_PARTITION"u8, Partition.Partition);
        row.Number("LOG_OFFSET"u8, offset);
    }

    private ReadOnlySpan<byte> Metadata(in RawRecord record)
    {
        var text = _metadata.AsSpan();
        var length = _metadataStart.Length;
        Utf8Formatter.TryFormat(record.Offset, text[length..], out var written);
        length += written;
        ",\"received_time\":\""u8.CopyTo(text[length..]);
        length += 18;
        length += RowWriter.Format(record.AppendedTime, text[length..]);
        "Z\"}"u8.CopyTo(text[length..]);
        return text[..(length + 3)];
    }
}
