using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Tests.Binance;

/// <summary>A connection in memory that answers subscriptions at once, for tests on a manual clock.</summary>
internal sealed class FakeConnection : IWebSocketConnection
{
    private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();
    private readonly ConcurrentDictionary<string, bool> _subscribed = new(StringComparer.Ordinal);

    public Exception? Refusal { get; init; }

    public bool IsClosed { get; private set; }

    public IEnumerable<string> Subscribed => _subscribed.Keys;

    public Task ConnectAsync(Uri endpoint, CancellationToken token) =>
        Refusal is null ? Task.CompletedTask : Task.FromException(Refusal);

    public void Push(string message) => _incoming.Writer.TryWrite(Encoding.UTF8.GetBytes(message));

    public void Cut() => _incoming.Writer.TryComplete(new WebSocketException("cut"));

    public async ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken token)
    {
        while (await _incoming.Reader.WaitToReadAsync(token))
        {
            if (_incoming.Reader.TryRead(out var message)) return ReceivedMessage.Data(message);
        }

        return ReceivedMessage.Closed(WebSocketCloseStatus.NormalClosure, "bye");
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken token)
    {
        using var document = JsonDocument.Parse(utf8);
        var id = document.RootElement.GetProperty("id").GetInt64();
        if (document.RootElement.TryGetProperty("params", out var names))
        {
            var isAdding = document.RootElement.GetProperty("method").GetString() == "SUBSCRIBE";
            foreach (var name in names.EnumerateArray().Select(name => name.GetString()!))
            {
                if (isAdding) _subscribed[name] = true;
                else _subscribed.TryRemove(name, out _);
            }

            Push($$"""{"result":null,"id":{{id}}}""");
        }
        else
        {
            Push($$"""{"result":{{JsonSerializer.Serialize(_subscribed.Keys)}},"id":{{id}}}""");
        }

        return ValueTask.CompletedTask;
    }

    public Task CloseAsync(CancellationToken token)
    {
        IsClosed = true;
        _incoming.Writer.TryComplete();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
    }
}
