using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Parsing;

/// <summary>
/// What does it cost to read a trade back from the topic's JSON?
/// <code>
/// about 270 bytes ──▶ [ reader ] ──▶ Trade
/// </code>
/// </summary>
[MemoryDiagnoser]
public class ReadTradeJsonBenchmarks
{
    private const int Records = 1024;

    private readonly SymbolTable _symbols = new();
    private byte[][] _records = [];

    [GlobalSetup]
    public void Setup()
    {
        var trades = SampleTrades.Of(SampleTrades.Symbols(_symbols), Records);
        var buffer = new byte[TradeJson.MaxLength];
        _records = [.. trades.Select(trade => buffer[..TradeJson.Write(trade, buffer)])];
        for (var i = 0; i < Records; i++) Check(_records[i], trades[i]);
    }

    [Benchmark(OperationsPerInvoke = Records, Baseline = true)]
    public long TradeJsonTryRead()
    {
        long sum = 0;
        foreach (var record in _records)
        {
            TradeJson.TryRead(record, _symbols, out var trade);
            sum += trade.TradeId;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Records)]
    public long SourceGeneratedClass()
    {
        long sum = 0;
        foreach (var record in _records) sum += JsonSerializer.Deserialize(record, TradeDocuments.Default.TradeRecord)!.TradeId;
        return sum;
    }

    private void Check(byte[] record, in Trade expected)
    {
        var reason = TradeJson.TryRead(record, _symbols, out var read);
        var document = JsonSerializer.Deserialize(record, TradeDocuments.Default.TradeRecord)!;
        var agree = reason == ErrorReason.None && read == expected
            && (document.Symbol, document.TradeId, document.ReceivedTime)
                == (expected.Symbol.Ticker, expected.TradeId, expected.ReceivedTime.Microseconds)
            && (document.Price * FixedPoint.One, document.Quantity * FixedPoint.One) == (expected.Price.Scaled, expected.Quantity.Scaled);
        if (!agree) throw new InvalidOperationException($"The readers disagree about {expected}.");
    }
}
