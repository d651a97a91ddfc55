using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.TradeIngest.Tests.Simulation;

/// <summary>The platform's WebSocket client, with the few moves the tests make.</summary>
internal sealed class StreamClient : IDisposable
{
    private readonly CancellationTokenSource _giveUp = Patience.Start();
    private readonly byte[] _buffer = new byte[64 * 1024];

    public ClientWebSocket Socket { get; } = new();

    public static async Task<StreamClient> ConnectAsync(Uri wsBase, string path)
    {
        var client = new StreamClient();
        await client.Socket.ConnectAsync(new Uri(wsBase, path), client._giveUp.Token);
        return client;
    }

    public Task SendAsync(string text) => Socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, _giveUp.Token);

    /// <returns>The next message, or null when the server closed.</returns>
    public async Task<string?> ReceiveAsync()
    {
        var length = 0;
        while (true)
        {
            var received = await Socket.ReceiveAsync(_buffer.AsMemory(length), _giveUp.Token);
            if (received.MessageType == WebSocketMessageType.Close) return null;
            length += received.Count;
            if (received.EndOfMessage) return Encoding.UTF8.GetString(_buffer, 0, length);
        }
    }

    /// <summary>Sends a request and returns its reply, passing over events.</summary>
    public async Task<string> AskAsync(string request)
    {
        await SendAsync(request);
        while (await ReceiveAsync() is { } text)
        {
            var isTrade = text.StartsWith("{\"e\":", StringComparison.Ordinal)
                || text.StartsWith("{\"stream\":", StringComparison.Ordinal);
            if (!isTrade) return text;
        }

        throw new InvalidOperationException($"The connection closed before it answered {request}");
    }

    public async Task<JsonElement> ReceiveJsonAsync() =>
        JsonDocument.Parse(await ReceiveAsync() ?? throw new InvalidOperationException("The connection closed.")).RootElement;

    public void Dispose()
    {
        Socket.Dispose();
        _giveUp.Dispose();
    }
}
