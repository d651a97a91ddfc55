using System.Net.WebSockets;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;

namespace Crypto.Benchmarks.Streams;

/// <summary>
/// What does a message cost from the socket to its bytes, over loopback? Nothing is parsed; that is ParseTrade's question.
/// <code>
/// prepared frames, 256 kB a write ──TCP──▶ [ client: WebSocket ] ──▶ the last byte of each message
/// </code>
/// One connection per variant stays open; an invocation is 100,000 frames.
/// </summary>
[MemoryDiagnoser]
public class WebSocketReceiveBenchmarks : IDisposable
{
    private const int Frames = 100_000;

    private FrameServer? _ours;
    private FrameServer? _tutorials;
    private IWebSocketConnection? _connection;
    private ClientWebSocket? _socket;

    [GlobalSetup]
    public void Setup()
    {
        var frames = SampleFrames.Of(SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Frames));
        _ours = new FrameServer(frames);
        _tutorials = new FrameServer(frames);

        // Nobody answers pings here.
        var options = new BinanceTradeStreamOptions { KeepAlive = Timeout.InfiniteTimeSpan };
        _connection = WebSocketTransport.Create(WebSocketTransport.Default, options);
        _ours.Accept(_connection.ConnectAsync(_ours.Endpoint, CancellationToken.None));
        _socket = new ClientWebSocket();
        _tutorials.Accept(_socket.ConnectAsync(_tutorials.Endpoint, CancellationToken.None));
    }

    [Benchmark(OperationsPerInvoke = Frames, Baseline = true)]
    public long Connection()
    {
        var receiving = Task.Run(ReceiveAsync);
        _ours!.SendAll();
        return receiving.GetAwaiter().GetResult();
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long ClientWebSocketAndArray()
    {
        var receiving = Task.Run(ReceiveAsTutorialsAsync);
        _tutorials!.SendAll();
        return receiving.GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _connection?.Dispose();
        _socket?.Dispose();
        _ours?.Dispose();
        _tutorials?.Dispose();
    }

    private async Task<long> ReceiveAsync()
    {
        long sum = 0;
        for (var i = 0; i < Frames; i++)
        {
            var message = await _connection!.ReceiveAsync(CancellationToken.None);
            sum += message.Payload.Length + message.Payload.Span[^1];
        }

        return sum;
    }

    /// <summary>The loop of the documentation: collect until the end of the message, make it an array.</summary>
    private async Task<long> ReceiveAsTutorialsAsync()
    {
        var buffer = new byte[8192];
        using var message = new MemoryStream();
        long sum = 0;
        for (var i = 0; i < Frames; i++)
        {
            message.SetLength(0);
            WebSocketReceiveResult piece;
            do
            {
                piece = await _socket!.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None);
                message.Write(buffer, 0, piece.Count);
            }
            while (!piece.EndOfMessage);

            var bytes = message.ToArray();
            sum += bytes.Length + bytes[^1];
        }

        return sum;
    }
}
