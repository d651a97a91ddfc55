using System.Buffers.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Parsing;

/// <summary>
/// What does one frame cost on its way to a trade?
/// <code>
/// combined frame, 168 bytes give or take ──▶ [ parser ] ──▶ symbol, id, exact price and quantity, times, side
/// </code>
/// </summary>
[MemoryDiagnoser]
public class ParseTradeBenchmarks
{
    private const int Frames = 1024;

    private readonly SymbolTable _symbols = new();
    private byte[][] _frames = [];

    [GlobalSetup]
    public void Setup()
    {
        var trades = SampleTrades.Of(SampleTrades.Symbols(_symbols), Frames);
        _frames = SampleFrames.Of(trades);
        var length = _frames.Average(frame => frame.Length);
        if (length is < 166 or > 171) throw new InvalidOperationException($"The frames have {length} bytes.");
        for (var i = 0; i < Frames; i++) Check(_frames[i], trades[i]);
    }

    [Benchmark(OperationsPerInvoke = Frames, Baseline = true)]
    public long FrameParser()
    {
        long sum = 0;
        foreach (var frame in _frames)
        {
            TradeIngest.Binance.Frames.FrameParser.Parse(frame, _symbols, Timestamp.Epoch, IngestSource.Stream, out var trade, out _);
            sum += trade.TradeId;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long SourceGeneratedClass()
    {
        long sum = 0;
        foreach (var frame in _frames) sum += JsonSerializer.Deserialize(frame, TradeDocuments.Default.TradeFrame)!.Data.TradeId;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long Utf8ReaderLoop()
    {
        long sum = 0;
        foreach (var frame in _frames) sum += ReadTokens(frame).TradeId;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long BinanceNetModel()
    {
        long sum = 0;
        foreach (var frame in _frames) sum += JsonSerializer.Deserialize(frame, BinanceNetShape.Default.CombinedStream)!.Data.Id;
        return sum;
    }

    /// <summary>The loop as people write it who know the reader: property by property, numbers straight from the bytes.</summary>
    private static Tokens ReadTokens(ReadOnlySpan<byte> frame)
    {
        var tokens = default(Tokens);
        var reader = new Utf8JsonReader(frame);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.ValueSpan.Length != 1) continue;
            var name = reader.ValueSpan[0];
            reader.Read();
            switch (name)
            {
                case (byte)'E':
                    tokens.EventTime = reader.GetInt64();
                    break;
                case (byte)'s':
                    tokens.Symbol = reader.GetString();
                    break;
                case (byte)'t':
                    tokens.TradeId = reader.GetInt64();
                    break;
                case (byte)'p':
                    if (!Utf8Parser.TryParse(reader.ValueSpan, out tokens.Price, out _)) throw new FormatException();
                    break;
                case (byte)'q':
                    if (!Utf8Parser.TryParse(reader.ValueSpan, out tokens.Quantity, out _)) throw new FormatException();
                    break;
                case (byte)'T':
                    tokens.TradeTime = reader.GetInt64();
                    break;
                case (byte)'m':
                    tokens.BuyerIsMaker = reader.GetBoolean();
                    break;
            }
        }

        return tokens;
    }

    private void Check(byte[] frame, in Trade expected)
    {
        var kind = TradeIngest.Binance.Frames.FrameParser.Parse(
            frame, _symbols, expected.ReceivedTime, IngestSource.Stream, out var parsed, out _);
        var document = JsonSerializer.Deserialize(frame, TradeDocuments.Default.TradeFrame)!.Data;
        var tokens = ReadTokens(frame);
        var model = JsonSerializer.Deserialize(frame, BinanceNetShape.Default.CombinedStream)!.Data;
        var price = (decimal)expected.Price.Scaled / FixedPoint.One;
        var quantity = (decimal)expected.Quantity.Scaled / FixedPoint.One;
        var time = expected.TradeTime.ToDateTimeOffset().UtcDateTime;
        var agree = kind == FrameKind.Trade && parsed == expected
            && (document.Symbol, document.Price, document.Quantity, document.TradeTime)
                == (expected.Symbol.Ticker, price, quantity, expected.TradeTime.Microseconds)
            && (tokens.Symbol, tokens.Price, tokens.Quantity, tokens.TradeTime)
                == (expected.Symbol.Ticker, price, quantity, expected.TradeTime.Microseconds)
            && (model.Symbol, model.Price, model.Quantity, model.TradeTime) == (expected.Symbol.Ticker, price, quantity, time);
        if (!agree) throw new InvalidOperationException($"The parsers disagree about {expected}.");
    }

    private struct Tokens
    {
        public string? Symbol;
        public long EventTime;
        public long TradeId;
        public decimal Price;
        public decimal Quantity;
        public long TradeTime;
        public bool BuyerIsMaker;
    }
}
