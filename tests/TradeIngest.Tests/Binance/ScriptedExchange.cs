using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Crypto.TestSupport;

namespace Crypto.TradeIngest.Tests.Binance;

/// <summary>
/// A WebSocket server on loopback that a test scripts: it answers control messages and holds the exchange's limits (messages per
/// second, size and number of subscriptions), and writes bytes exactly as told, so that a test decides about frames and segments.
/// </summary>
internal sealed class ScriptedExchange : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<ScriptedConnection> _accepted = Channel.CreateUnbounded<ScriptedConnection>();
    private readonly ConcurrentBag<ScriptedConnection> _all = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public ScriptedExchange()
    {
        _listener.Start();
        _running = RunAsync();
    }

    /// <summary>Takes over single control messages: return true when handled.</summary>
    public Func<ScriptedConnection, ControlMessage, Task<bool>>? OnControl { get; set; }

    public int StreamLimit { get; set; } = 1024;

    public Uri Address => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public IReadOnlyCollection<ScriptedConnection> Connections => _all;

    /// <summary>The next connection a client made.</summary>
    public async Task<ScriptedConnection> AcceptAsync()
    {
        using var patience = Patience.Start();
        return await _accepted.Reader.ReadAsync(patience.Token);
    }

    public static string Trade(string ticker, long id, string price = "84106.09000000") =>
        $$$"""{"stream":"{{{ticker.ToLowerInvariant()}}}@trade","data":{"e":"trade","E":1790446152679000,"s":"{{{ticker}}}","t":{{{id}}},"""
        + $$$"""
        "p":"{{{price}}}","q":"0.00007000","T":1790446152678000,"m":true,"M":true}}
        """;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (var connection in _all) connection.Abort();
        await _running;
        foreach (var connection in _all) connection.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                client.NoDelay = true;
                serving.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            var stream = client.GetStream();
            var request = await ReadHeadAsync(stream);
            var lines = request.Split("\r\n");
            var header = lines.First(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase));
            var key = header.Split(':', 2)[1].Trim();
#pragma warning disable CA5350 // The WebSocket handshake is defined on SHA-1.
            var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + $"Sec-WebSocket-Accept: {accept}\r\n\r\n"));
            var connection = new ScriptedConnection(this, client, request.Split(' ')[1]);
            _all.Add(connection);
            _accepted.Writer.TryWrite(connection);
            await connection.ReadAsync();
        }
        catch (Exception e) when (
            e is IOException or SocketException or WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The client or the test cut the connection.
        }
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (!Encoding.ASCII.GetString([.. bytes.TakeLast(4)]).Equals("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one) == 0) throw new IOException("The client left during the handshake.");
            bytes.Add(one[0]);
        }

        return Encoding.ASCII.GetString([.. bytes]);
    }
}

internal sealed record ControlMessage(string Method, IReadOnlyList<string> Streams, long Id, int Bytes);

internal sealed class ScriptedConnection(ScriptedExchange exchange, TcpClient client, string path) : IDisposable
{
    private readonly WebSocket _socket = WebSocket.CreateFromStream(
        client.GetStream(), new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.Zero });
    private readonly Queue<long> _recent = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private int _aborted;

    public string Path { get; } = path;

    public ConcurrentQueue<ControlMessage> Received { get; } = new();

    public ConcurrentDictionary<string, bool> Subscribed { get; } = new(StringComparer.Ordinal);

    public bool BrokeRateLimit { get; private set; }

    public bool ClosedByClient { get; private set; }

    public Task SendAsync(params string[] messages) =>
        WriteAsync([.. messages.SelectMany(message => Frame(Encoding.UTF8.GetBytes(message), 1, true))]);

    /// <summary>One message many times, as fast as the client takes it.</summary>
    public async Task FloodAsync(string message, int times)
    {
        const int ChunkSize = 256 * 1024;
        var frame = Frame(Encoding.UTF8.GetBytes(message), 1, true);
        var perChunk = Math.Max(1, ChunkSize / frame.Length);
        byte[] chunk = [.. Enumerable.Repeat(frame, perChunk).SelectMany(bytes => bytes)];
        for (var left = times; left > 0; left -= perChunk) await WriteAsync(left >= perChunk ? chunk : chunk[..(left * frame.Length)]);
    }

    /// <summary>One message in several WebSocket frames.</summary>
    public Task SendFragmentedAsync(string message, int pieces)
    {
        var bytes = Encoding.UTF8.GetBytes(message);
        var size = (bytes.Length + pieces - 1) / pieces;
        return WriteAsync([.. bytes.Chunk(size).SelectMany((piece, i) => Frame(piece, i == 0 ? 1 : 0, (i + 1) * size >= bytes.Length))]);
    }

    /// <summary>One message in TCP segments of so many bytes.</summary>
    public async Task SendSegmentedAsync(string message, int segment)
    {
        foreach (var piece in Frame(Encoding.UTF8.GetBytes(message), 1, true).Chunk(segment)) await WriteAsync(piece);
    }

    public Task ReplyAsync(long id) => SendAsync($$"""{"result":null,"id":{{id}}}""");

    /// <summary>Cuts with a reset, as a crashed host or a firewall does.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 1) return;
        try
        {
            client.Client.LingerState = new LingerOption(true, 0);
        }
        catch (ObjectDisposedException)
        {
            // The closing handshake came first.
        }

        client.Dispose();
    }

    public void Dispose()
    {
        Abort();
        _socket.Dispose();
        _writing.Dispose();
    }

    public async Task ReadAsync()
    {
        var buffer = new byte[65_536];
        while (true)
        {
            var count = 0;
            ValueWebSocketReceiveResult piece;
            do
            {
                piece = await _socket.ReceiveAsync(buffer.AsMemory(count), CancellationToken.None);
                count += piece.Count;
            }
            while (!piece.EndOfMessage);

            if (piece.MessageType == WebSocketMessageType.Close)
            {
                ClosedByClient = true;
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            var now = Environment.TickCount64;
            _recent.Enqueue(now);
            while (now - _recent.Peek() >= 1000) _recent.Dequeue();
            if (_recent.Count > 5)
            {
                BrokeRateLimit = true;
                await _socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "Too many requests", CancellationToken.None);
                return;
            }

            await AnswerAsync(Parse(buffer.AsMemory(0, count)));
        }
    }

    private static ControlMessage Parse(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        List<string> streams = root.TryGetProperty("params", out var names)
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : [];
        return new ControlMessage(root.GetProperty("method").GetString()!, streams, root.GetProperty("id").GetInt64(), bytes.Length);
    }

    private async Task AnswerAsync(ControlMessage message)
    {
        Received.Enqueue(message);
        if (message.Bytes >= 4096) return;
        if (exchange.OnControl is { } script && await script(this, message)) return;
        if (message.Method == "LIST_SUBSCRIPTIONS")
        {
            await SendAsync($$"""{"result":{{JsonSerializer.Serialize(Subscribed.Keys)}},"id":{{message.Id}}}""");
            return;
        }

        if (Subscribed.Count + message.Streams.Count > exchange.StreamLimit)
        {
            await SendAsync($$$"""{"error":{"code":4,"msg":"Too many subscriptions"},"id":{{{message.Id}}}}""");
            return;
        }

        foreach (var stream in message.Streams) Subscribed[stream] = true;
        await ReplyAsync(message.Id);
    }

    private async Task WriteAsync(byte[] bytes)
    {
        await _writing.WaitAsync();
        try
        {
            await client.GetStream().WriteAsync(bytes);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static byte[] Frame(byte[] payload, int opcode, bool isLast)
    {
        var first = (byte)(opcode | (isLast ? 0x80 : 0));
        byte[] head = payload.Length switch
        {
            < 126 => [first, (byte)payload.Length],
            < 65_536 => [first, 126, (byte)(payload.Length >> 8), (byte)payload.Length],
            _ =>
            [
                first, 127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8),
                (byte)payload.Length,
            ],
        };
        return [.. head, .. payload];
    }
}
