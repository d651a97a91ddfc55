using System.Net.WebSockets;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// A connected socket as the package Websocket.Client may see it. Its receive loop gathers whole messages without a bound, pushes
/// them without waiting, and ends with the first message after our close was sent; here a message ends at the bound, receiving
/// waits until there is room, and a socket that only sent its close is still open.
/// </summary>
/// <param name="bound">Bytes handed on of a message; the rest is read and dropped.</param>
/// <param name="room">Completes when another message may come.</param>
internal sealed class BoundedWebSocket(WebSocket socket, int bound, Func<CancellationToken, ValueTask> room) : WebSocket
{
    private bool _isWithinMessage;

    /// <summary>Bytes that the message received last has, or had so far.</summary>
    public long Length { get; private set; }

    public override WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    public override string? CloseStatusDescription => socket.CloseStatusDescription;

    public override WebSocketState State => socket.State is WebSocketState.CloseSent ? WebSocketState.Open : socket.State;

    public override string? SubProtocol => socket.SubProtocol;

    public override async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_isWithinMessage)
        {
            Length = 0;
            await room(cancellationToken);
        }

        while (true)
        {
            var piece = await socket.ReceiveAsync(buffer, cancellationToken);
            var kept = (int)Math.Clamp(bound - Length, 0, piece.Count);
            Length += piece.Count;
            _isWithinMessage = !piece.EndOfMessage;
            if (kept > 0 || piece.EndOfMessage) return new ValueWebSocketReceiveResult(kept, piece.MessageType, piece.EndOfMessage);
        }
    }

    public override async Task<WebSocketReceiveResult> ReceiveAsync(ArraySegment<byte> buffer, CancellationToken cancellationToken)
    {
        var piece = await ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return new WebSocketReceiveResult(piece.Count, piece.MessageType, piece.EndOfMessage, CloseStatus, CloseStatusDescription);
    }

    public override Task SendAsync(
        ArraySegment<byte> buffer, WebSocketMessageType messageType, bool endOfMessage, CancellationToken cancellationToken) =>
        socket.SendAsync(buffer, messageType, endOfMessage, cancellationToken);

    public override Task CloseAsync(WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseAsync(closeStatus, statusDescription, cancellationToken);

    public override Task CloseOutputAsync(
        WebSocketCloseStatus closeStatus, string? statusDescription, CancellationToken cancellationToken) =>
        socket.CloseOutputAsync(closeStatus, statusDescription, cancellationToken);

    public override void Abort() => socket.Abort();

    public override void Dispose() => socket.Dispose();
}
