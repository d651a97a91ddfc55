using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// The platform's <see cref="ClientWebSocket"/>, receiving into pooled memory. It answers the exchange's pings inside its own
/// receive call, and pings by itself to notice a dead peer that no reset told about.
/// </summary>
internal sealed class ClientWebSocketConnection : IWebSocketConnection
{
    private readonly ClientWebSocket _socket = new();
    private readonly MessageBuffer _buffer;

    /// <param name="keepAlive">Ping interval, and as long again for the pong; one ping counts as one of the messages we may send.</param>
    public ClientWebSocketConnection(TimeSpan keepAlive, int messageBound = MessageBuffer.DefaultBound)
    {
        _socket.Options.KeepAliveInterval = keepAlive;
        _socket.Options.KeepAliveTimeout = keepAlive;
        _buffer = new MessageBuffer(messageBound);
    }

    public Task ConnectAsync(Uri endpoint, CancellationToken token) => _socket.ConnectAsync(endpoint, token);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken token)
    {
        _buffer.Clear();
        while (true)
        {
            var piece = await _socket.ReceiveAsync(_buffer.Free, token);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return ReceivedMessage.Closed(_socket.CloseStatus, _socket.CloseStatusDescription);
            }

            _buffer.Advance(piece.Count);
            if (piece.EndOfMessage) return _buffer.ToMessage();
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken token) =>
        _socket.SendAsync(utf8, WebSocketMessageType.Text, endOfMessage: true, token);

    public async Task CloseAsync(CancellationToken token)
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, token);
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _buffer.Dispose();
    }
}
