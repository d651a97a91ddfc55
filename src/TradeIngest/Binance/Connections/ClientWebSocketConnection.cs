using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// A WebSocket on the platform's <see cref="ClientWebSocket"/>, receiving into pooled memory. Names, TLS, certificates and proxies
/// are treated as everywhere on the platform; compression is not offered.
/// </summary>
internal sealed class ClientWebSocketConnection : IWebSocketConnection
{
    private readonly ClientWebSocket _socket;
    private readonly MessageBuffer _buffer;

    /// <param name="keepAlive">Ping interval, and as long again for the pong; one ping counts as one of the messages we may send.</param>
    public ClientWebSocketConnection(TimeSpan keepAlive, int messageBound = MessageBuffer.DefaultBound)
    {
        _socket = CreateSocket(keepAlive);
        _buffer = new MessageBuffer(messageBound);
    }

    /// <summary>The platform's socket as every implementation of the seam uses it.</summary>
    public static ClientWebSocket CreateSocket(TimeSpan keepAlive) => new()
    {
        Options =
        {
            KeepAliveInterval = keepAlive,
            KeepAliveTimeout = keepAlive,

            // The status and Retry-After of a refusal.
            CollectHttpResponseDetails = true,
        },
    };

    public async Task ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ConnectAsync(endpoint, SingleAttemptHandler.Invoker, cancellationToken);
        }
        catch (WebSocketException failure)
        {
            throw ConnectFailure.Describe(endpoint, _socket, failure);
        }

        // They would be kept as long as the connection.
        _socket.HttpResponseHeaders = null;
    }

    public ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        _buffer.Clear();

        // Without the token, for which the socket would register and unregister on every message, waiting or not.
        var first = _socket.ReceiveAsync(_buffer.Free, CancellationToken.None);
        if (!first.IsCompletedSuccessfully || cancellationToken.IsCancellationRequested) return CollectAsync(first, cancellationToken);

        var piece = first.Result;
        return piece is { EndOfMessage: true, MessageType: not WebSocketMessageType.Close }
            ? ValueTask.FromResult(MessageOf(piece))
            : CollectAsync(ValueTask.FromResult(piece), cancellationToken);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken) =>
        _socket.SendAsync(utf8, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);

    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _buffer.Dispose();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReceivedMessage> CollectAsync(
        ValueTask<ValueWebSocketReceiveResult> receiving, CancellationToken cancellationToken)
    {
        // What the socket does with a token of its own.
        await using var abort = cancellationToken.UnsafeRegister(static socket => ((ClientWebSocket)socket!).Abort(), _socket);
        while (true)
        {
            ValueWebSocketReceiveResult piece;
            try
            {
                piece = await receiving;
            }
            catch (Exception aborted) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(aborted.Message, aborted, cancellationToken);
            }
            catch (OperationCanceledException aborted)
            {
                // By the socket itself, when no pong comes.
                throw new WebSocketException(
                    WebSocketError.ConnectionClosedPrematurely, (aborted.InnerException ?? aborted).Message, aborted);
            }

            if (piece.MessageType == WebSocketMessageType.Close) return ReceivedMessage.Closed(
                _socket.CloseStatus, _socket.CloseStatusDescription);
            if (piece.EndOfMessage) return MessageOf(piece);
            _buffer.Advance(piece.Count);
            receiving = _socket.ReceiveAsync(_buffer.Free, CancellationToken.None);
        }
    }

    private ReceivedMessage MessageOf(ValueWebSocketReceiveResult lastPiece)
    {
        _buffer.Advance(lastPiece.Count);
        return _buffer.ToMessage();
    }
}
