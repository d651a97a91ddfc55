using System.Net;
using System.Net.Sockets;
using System.Text;
using Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.Benchmarks.Streams;

/// <summary>
/// A WebSocket server for one client, as cheap as can be: the simulator's frames, laid out beforehand, go out many per write, so that
/// the client is what is measured. It reads nothing but the handshake.
/// </summary>
internal sealed class FrameServer : IDisposable
{
    private const int BytesPerWrite = 256 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _wire;
    private Socket? _client;

    public FrameServer(IEnumerable<byte[]> payloads)
    {
        using var wire = new MemoryStream();
        var header = new byte[Frame.MaxHeaderLength];
        foreach (var payload in payloads)
        {
            wire.Write(header, 0, Frame.WriteHeader(header, FrameKind.Text, payload.Length));
            wire.Write(payload);
        }

        _wire = wire.ToArray();
        _listener.Start();
    }

    public Uri Endpoint => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/stream");

    /// <summary>Takes one client through the handshake, which <paramref name="connecting"/> waits for.</summary>
    public void Accept(Task connecting)
    {
        _client = _listener.AcceptSocket();
        _client.NoDelay = true;
        var request = ReadUntil(_client, "\r\n\r\n");
        var key = request.Split('\n').First(
            line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase)).Split(':', 2)[1].Trim();
        _client.Send(Encoding.ASCII.GetBytes(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                + $"{StreamHandshake.Accept(key)}\r\n\r\n"));
        connecting.GetAwaiter().GetResult();
    }

    /// <summary>Sends all frames; returns when the last is in the socket's buffer.</summary>
    public void SendAll()
    {
        for (var start = 0; start < _wire.Length;)
        {
            start += _client!.Send(_wire.AsSpan(start, Math.Min(BytesPerWrite, _wire.Length - start)));
        }
    }

    public void Dispose()
    {
        _client?.Dispose();
        _listener.Dispose();
    }

    private static string ReadUntil(Socket socket, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal) && socket.Receive(buffer) == 1) text.Append((char)buffer[0]);
        return text.ToString();
    }
}
