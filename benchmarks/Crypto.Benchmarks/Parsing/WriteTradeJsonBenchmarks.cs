using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Parsing;

/// <summary>
/// What does it cost to write a trade as the topic's JSON?
/// <code>
/// Trade ──▶ [ writer ] ──▶ about 270 bytes in a buffer that is used again
/// </code>
/// The alternative has its numbers as decimals, made beforehand, and writes the same bytes.
/// </summary>
[MemoryDiagnoser]
public class WriteTradeJsonBenchmarks : IDisposable
{
    private const int Trades = 1024;

    private readonly byte[] _buffer = new byte[TradeJson.MaxLength];
    private readonly ArrayBufferWriter<byte> _output = new(TradeJson.MaxLength);
    private readonly Utf8JsonWriter _writer;
    private Trade[] _trades = [];
    private (decimal Price, decimal Quantity)[] _numbers = [];

    public WriteTradeJsonBenchmarks() => _writer = new Utf8JsonWriter(_output, new JsonWriterOptions { SkipValidation = true });

    [GlobalSetup]
    public void Setup()
    {
        _trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Trades);
        _numbers =
        [
            .. _trades.Select(
                trade => ((decimal)trade.Price.Scaled / FixedPoint.One, (decimal)trade.Quantity.Scaled / FixedPoint.One)),
        ];
        for (var i = 0; i < Trades; i++)
        {
            var length = TradeJson.Write(_trades[i], _buffer);
            WriteTokens(i);
            if (!_output.WrittenSpan.SequenceEqual(_buffer.AsSpan(0, length)))
            {
                throw new InvalidOperationException($"The writers disagree about {_trades[i]}.");
            }
        }
    }

    [Benchmark(OperationsPerInvoke = Trades, Baseline = true)]
    public long TradeJsonWrite()
    {
        long bytes = 0;
        foreach (ref readonly var trade in _trades.AsSpan()) bytes += TradeJson.Write(trade, _buffer);
        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Trades)]
    public long Utf8Writer()
    {
        long bytes = 0;
        for (var i = 0; i < _trades.Length; i++) bytes += WriteTokens(i);
        return bytes;
    }

    public void Dispose() => _writer.Dispose();

    private int WriteTokens(int index)
    {
        ref readonly var trade = ref _trades[index];
        Span<byte> number = stackalloc byte[32];
        _output.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        _writer.WriteNumber("version"u8, TradeJson.Version);
        _writer.WriteString("exchange"u8, "BINANCE"u8);
        _writer.WriteString("symbol"u8, trade.Symbol.Utf8);
        _writer.WriteNumber("trade_id"u8, trade.TradeId);
        Utf8Formatter.TryFormat(_numbers[index].Price, number, out var length, new StandardFormat('F', FixedPoint.Decimals));
        _writer.WriteString("price"u8, number[..length]);
        Utf8Formatter.TryFormat(_numbers[index].Quantity, number, out length, new StandardFormat('F', FixedPoint.Decimals));
        _writer.WriteString("quantity"u8, number[..length]);
        _writer.WriteNumber("event_time"u8, trade.EventTime.Microseconds);
        _writer.WriteNumber("trade_time"u8, trade.TradeTime.Microseconds);
        _writer.WriteNumber("received_time"u8, trade.ReceivedTime.Microseconds);
        _writer.WriteString("aggressor_side"u8, trade.Aggressor == AggressorSide.Buy ? "BUY"u8 : "SELL"u8);
        _writer.WriteString("source"u8, "STREAM"u8);
        _writer.WriteEndObject();
        _writer.Flush();
        return _output.WrittenCount;
    }
}
