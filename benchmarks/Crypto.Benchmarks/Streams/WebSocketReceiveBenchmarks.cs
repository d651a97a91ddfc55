using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.Benchmarks.Streams;

/// <summary>
/// What does a trade cost from the socket to a callback, over loopback?
/// <code>
/// prepared frames, 256 kB a write ──TCP──▶ [ client: WebSocket, parse ] ──▶ callback per trade
/// </code>
/// One connection per variant stays open; an invocation is 100,000 frames.
/// </summary>
[MemoryDiagnoser]
public class WebSocketReceiveBenchmarks : IDisposable
{
    private const int Frames = 100_000;

    private readonly SymbolTable _symbols = new();
    private FrameServer? _ours;
    private FrameServer? _tutorials;
    private StreamSession? _session;
    private ClientWebSocket? _socket;
    private TradeCallback? _callback;

    [GlobalSetup]
    public void Setup()
    {
        var symbols = SampleTrades.Symbols(_symbols);
        var frames = SampleFrames.Of(SampleTrades.Of(symbols, Frames));
        _ours = new FrameServer(frames);
        _tutorials = new FrameServer(frames);
        _callback = new TradeCallback(Frames);

        var options = new BinanceTradeStreamOptions { Endpoint = _ours.Endpoint };
        _session = new StreamSession(
            WebSocketTransport.Create(WebSocketTransport.Default, options, TimeProvider.System), [.. symbols.Select(StreamRequest.TradeStream)], _symbols, options, _callback,
            new StreamMetrics(), TimeProvider.System, NullLogger.Instance);
        _ours.Accept();
        _session.Ready.WaitAsync(TimeSpan.FromSeconds(10)).GetAwaiter().GetResult();

        _socket = new ClientWebSocket();
        var connecting = _socket.ConnectAsync(_tutorials.Endpoint, CancellationToken.None);
        _tutorials.Accept();
        connecting.GetAwaiter().GetResult();
    }

    [Benchmark(OperationsPerInvoke = Frames, Baseline = true)]
    public long StreamSession()
    {
        _callback!.Restart();
        _ours!.SendAll();
        return _callback.Await();
    }

    [Benchmark(OperationsPerInvoke = Frames)]
    public long ClientWebSocketAndJson()
    {
        var receiving = Task.Run(ReceiveAsync);
        _tutorials!.SendAll();
        return receiving.GetAwaiter().GetResult();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _session?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _session = null;
        _socket?.Dispose();
        _ours?.Dispose();
        _tutorials?.Dispose();
        _callback?.Dispose();
    }

    /// <summary>The loop of the documentation: collect until the end of the message, make it a string, deserialize.</summary>
    private async Task<long> ReceiveAsync()
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

            var json = Encoding.UTF8.GetString(message.ToArray());
            var trade = JsonSerializer.Deserialize(json, TradeDocuments.Default.TradeFrame)!.Data;
            sum += trade.TradeId + (long)(trade.Price * FixedPoint.One);
        }

        return sum;
    }

    /// <summary>Takes every trade by itself, as a subscriber that wants one at a time.</summary>
    private sealed class TradeCallback(int expected) : IObserver<StreamEvent>, IDisposable
    {
        private readonly ManualResetEventSlim _done = new();
        private long _sum;
        private int _count;

        public void Restart()
        {
            _sum = 0;
            _count = 0;
            _done.Reset();
        }

        public long Await()
        {
            if (!_done.Wait(TimeSpan.FromSeconds(60))) throw new InvalidOperationException($"{_count} of {expected} trades arrived.");
            return _sum;
        }

        public void OnNext(StreamEvent value)
        {
            if (value is not TradeBatch batch) return;
            foreach (ref readonly var trade in batch.Trades) OnTrade(trade);
            batch.Dispose();
            if (_count == expected) _done.Set();
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error) => throw error;

        public void Dispose() => _done.Dispose();

        private void OnTrade(in Trade trade)
        {
            _sum += trade.TradeId + trade.Price.Scaled;
            _count++;
        }
    }
}
