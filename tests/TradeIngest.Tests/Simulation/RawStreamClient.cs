using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Crypto.TestSupport;

namespace Crypto.TradeIngest.Tests.Simulation;

/// <summary>A WebSocket client that sends what it is told, also what no library would, and answers nothing by itself.</summary>
internal sealed class RawStreamClient : IDisposable
{
    private readonly TcpClient _tcp = new();
    private NetworkStream? _stream;
    private readonly CancellationTokenSource _giveUp = Patience.Start();

    public static async Task<RawStreamClient> ConnectAsync(Uri wsBase, string path)
    {
        var client = new RawStreamClient();
        await client._tcp.ConnectAsync(wsBase.Host, wsBase.Port, client._giveUp.Token);
        client._stream = client._tcp.GetStream();
        var request = $"GET {path} HTTP/1.1\r\nHost: {wsBase.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        await client._stream.WriteAsync(Encoding.ASCII.GetBytes(request), client._giveUp.Token);
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)) head.Append((char)(await client.ReadAsync(1))![0]);
        Assert.StartsWith("HTTP/1.1 101", head.ToString(), StringComparison.Ordinal);

        // The example of RFC 6455, section 1.3.
        Assert.Contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head.ToString(), StringComparison.Ordinal);
        return client;
    }

    /// <summary>Sends a masked frame. The first byte holds the flags and the opcode.</summary>
    public async Task SendAsync(byte first, byte[] payload)
    {
        byte[] mask = [1, 2, 3, 4];
        var length = payload.Length switch
        {
            <= 125 => [(byte)(0x80 | payload.Length)],
            _ => new byte[] { 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length },
        };
        await SendBytesAsync([first, .. length, .. mask, .. payload.Select((b, i) => (byte)(b ^ mask[i % 4]))]);
    }

    public Task SendTextAsync(string text) => SendAsync(0x81, Encoding.UTF8.GetBytes(text));

    public async Task SendBytesAsync(byte[] bytes) => await _stream!.WriteAsync(bytes, _giveUp.Token);

    /// <returns>Opcode and payload of the next frame, or null when the connection ended.</returns>
    public async Task<(int Opcode, byte[] Payload)?> ReceiveAsync()
    {
        if (await ReadAsync(2) is not { } head) return null;
        var length = head[1] & 0x7F;
        if (length == 126) length = BinaryPrimitives.ReadUInt16BigEndian((await ReadAsync(2))!);
        return (head[0] & 0x0F, (await ReadAsync(length))!);
    }

    /// <summary>Reads until the close frame.</summary>
    /// <returns>Its code, or null when the connection ended without one.</returns>
    public async Task<int?> ReceiveCloseAsync()
    {
        while (await ReceiveAsync() is { } frame)
        {
            if (frame.Opcode == 8) return BinaryPrimitives.ReadUInt16BigEndian(frame.Payload);
        }

        return null;
    }

    public void Dispose()
    {
        _tcp.Dispose();
        _giveUp.Dispose();
    }

    private async Task<byte[]?> ReadAsync(int count)
    {
        var bytes = new byte[count];
        try
        {
            return await _stream!.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, _giveUp.Token) == count ? bytes : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
