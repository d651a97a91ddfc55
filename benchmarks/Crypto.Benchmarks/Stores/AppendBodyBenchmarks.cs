using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Benchmarks.Stores;

/// <summary>
/// What does it cost to build the body of an append to Snowflake, a row of FACT_TRADES at a time?
/// <code>
/// Trade ──▶ [ row writer ] ──▶ newline-delimited JSON, ready to be compressed
/// </code>
/// The alternative is the usual way: an object per row, a serializer, text joined by line breaks, <see cref="StringContent"/>. Both give
/// the same bytes.
/// </summary>
[MemoryDiagnoser]
public partial class AppendBodyBenchmarks : IDisposable
{
    private const int Rows = 8192;
    private const string Epoch = "5f0c6c1e-epoch";

    private readonly RowBatch _batch = new();
    private Trade[] _trades = [];

    [GlobalSetup]
    public void Setup()
    {
        _trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Rows);
        RowWriterIntoPooledBuffer();
        using var content = Content();
        if (!_batch.Body.SequenceEqual(content.ReadAsByteArrayAsync().GetAwaiter().GetResult()))
        {
            throw new InvalidOperationException("The bodies differ.");
        }
    }

    [Benchmark(OperationsPerInvoke = Rows, Baseline = true)]
    public long RowWriterIntoPooledBuffer()
    {
        _batch.Clear();
        for (var i = 0; i < _trades.Length; i++)
        {
            ref readonly var trade = ref _trades[i];
            var row = _batch.BeginRow(i);
            row.Number("FACT_ID"u8, trade.TradeId);
            row.Number("SYMBOL_KEY"u8, trade.Symbol.Ordinal);
            row.Number("TRADE_ID"u8, trade.TradeId);
            row.Timestamp("TRADE_TIME"u8, trade.TradeTime);
            row.FixedPoint("PRICE"u8, trade.Price.Scaled);
            row.FixedPoint("QUANTITY"u8, trade.Quantity.Scaled);
            row.Number("AGGRESSOR_SIDE"u8, (long)trade.Aggressor);
            row.Number("INGEST_SOURCE"u8, (long)trade.Source);
            row.Number("QUALITY_FLAGS"u8, 0);
            row.Text("LOG_EPOCH"u8, "5f0c6c1e-epoch"u8);
            row.Text("LOG_TOPIC"u8, "stock_trades"u8);
            row.Number("LOG_PARTITION"u8, 3);
            row.Number("LOG_OFFSET"u8, i);
            row.End();
        }

        return _batch.Bytes;
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public long SerializerAndStringContent()
    {
        using var content = Content();
        return content.Headers.ContentLength!.Value;
    }

    [GlobalCleanup]
    public void Cleanup() => Dispose();

    public void Dispose()
    {
        _batch.Clear();
        GC.SuppressFinalize(this);
    }

    private StringContent Content()
    {
        var body = new StringBuilder();
        for (var i = 0; i < _trades.Length; i++)
        {
            ref readonly var trade = ref _trades[i];
            var row = new FactRow(
                trade.TradeId, trade.Symbol.Ordinal, trade.TradeId, Text(trade.TradeTime), Text(trade.Price.Scaled), Text(
                    trade.Quantity.Scaled), (int)trade.Aggressor,
                (int)trade.Source, 0, Epoch, "stock_trades", 3, i);
            body.Append(JsonSerializer.Serialize(row, FactRowContext.Default.FactRow)).Append('\n');
        }

        return new StringContent(body.ToString(), Encoding.UTF8, "application/x-ndjson");
    }

    private static string Text(Timestamp time) =>
        time.ToDateTimeOffset().ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private static string Text(long scaled) => ((decimal)scaled / FixedPoint.One).ToString("F8", CultureInfo.InvariantCulture);

    internal sealed record FactRow(
        [property: JsonPropertyName("FACT_ID")] long FactId,
        [property: JsonPropertyName("SYMBOL_KEY")] long SymbolKey,
        [property: JsonPropertyName("TRADE_ID")] long TradeId,
        [property: JsonPropertyName("TRADE_TIME")] string TradeTime,
        [property: JsonPropertyName("PRICE")] string Price,
        [property: JsonPropertyName("QUANTITY")] string Quantity,
        [property: JsonPropertyName("AGGRESSOR_SIDE")] int AggressorSide,
        [property: JsonPropertyName("INGEST_SOURCE")] int IngestSource,
        [property: JsonPropertyName("QUALITY_FLAGS")] int QualityFlags,
        [property: JsonPropertyName("LOG_EPOCH")] string LogEpoch,
        [property: JsonPropertyName("LOG_TOPIC")] string LogTopic,
        [property: JsonPropertyName("LOG_PARTITION")] int LogPartition,
        [property: JsonPropertyName("LOG_OFFSET")] long LogOffset);

    [JsonSerializable(typeof(FactRow))]
    internal sealed partial class FactRowContext : JsonSerializerContext;
}
