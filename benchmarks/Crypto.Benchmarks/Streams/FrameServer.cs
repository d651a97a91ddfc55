using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Crypto.Benchmarks.Streams;

/// <summary>
/// A WebSocket server for one client, as cheap as can be: frames are laid out beforehand and go out many per write, so that the
/// client is what is measured. It confirms whatever is subscribed.
/// </summary>
internal sealed class FrameServer : IDisposable
{
    private const int BytesPerWrite = 256 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _wire;
    private Socket? _client;
    private Thread? _replying;

    public FrameServer(IEnumerable<byte[]> payloads)
    {
        using var wire = new MemoryStream();
        foreach (var payload in payloads) WriteFrame(wire, payload);
        _wire = wire.ToArray();
        _listener.Start();
    }

    public Uri Endpoint => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/stream");

    /// <summary>Takes one client through the handshake, then answers its requests on a thread of its own.</summary>
    public void Accept()
    {
        _client = _listener.AcceptSocket();
        _client.NoDelay = true;
        var request = ReadUntil(_client, "\r\n\r\n");
        var key = request.Split('\n').First(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase)).Split(':', 2)[1].Trim();
        _client.Send(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {AcceptOf(key)}\r\n\r\n"));
        _replying = new Thread(Reply) { IsBackground = true };
        _replying.Start();
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
        _replying?.Join();
    }

    private void Reply()
    {
        var names = "[]";
        var header = new byte[8];
        while (TryFill(header.AsSpan(0, 2)))
        {
            var length = header[1] & 0x7F;
            if (length == 126)
            {
                if (!TryFill(header.AsSpan(2, 2))) return;
                length = (header[2] << 8) | header[3];
            }

            var mask = new byte[4];
            var payload = new byte[length];
            if (!TryFill(mask) || !TryFill(payload)) return;
            for (var i = 0; i < length; i++) payload[i] ^= mask[i % 4];
            if ((header[0] & 0x0F) != 1) continue;

            using var request = JsonDocument.Parse(payload);
            var isSubscribe = request.RootElement.TryGetProperty("params", out var parameters);
            if (isSubscribe) names = parameters.GetRawText();
            using var reply = new MemoryStream();
            WriteFrame(reply, Encoding.UTF8.GetBytes($$"""{"result":{{(isSubscribe ? "null" : names)}},"id":{{request.RootElement.GetProperty("id").GetRawText()}}}"""));
            _client!.Send(reply.ToArray());
        }
    }

    private bool TryFill(Span<byte> buffer)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                var count = _client!.Receive(buffer);
                if (count == 0) return false;
                buffer = buffer[count..];
            }

            return true;
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private static void WriteFrame(MemoryStream output, byte[] payload)
    {
        output.WriteByte(0x81);
        if (payload.Length < 126)
        {
            output.WriteByte((byte)payload.Length);
        }
        else
        {
            output.Write([126, (byte)(payload.Length >> 8), (byte)payload.Length]);
        }

        output.Write(payload);
    }

    private static string ReadUntil(Socket socket, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal) && socket.Receive(buffer) == 1) text.Append((char)buffer[0]);
        return text.ToString();
    }

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 prescribes SHA-1 here.")]
    private static string AcceptOf(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
}
