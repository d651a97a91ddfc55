using System.Net.WebSockets;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Crypto.TradeIngest.Streams;
using Websocket.Client;
using Websocket.Client.Exceptions;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// The same seam on the package Websocket.Client, compiled with <c>-p:WebsocketClient=true</c>. The package starts, receives and
/// notices the end; a queue turns its pushing into pulling. Its reconnection is off: subscribing again is the stream's business.
/// Requests and the close go to the socket itself, because the package keeps a failed send to itself, refuses empty text, and waits
/// for the peer in its own close. Costs a copy and an array per message.
/// </summary>
internal sealed class WebsocketClientConnection : IWebSocketConnection
{
    /// <summary>Bytes of received messages from which on no more are taken off the socket, and TCP slows the exchange down.</summary>
    private const int QueueBytes = 16 << 20;

    /// <summary>What a queued message takes besides its payload, roughly, so that empty ones are bounded too.</summary>
    private const int BytesPerMessage = 128;

    private readonly Channel<ReceivedMessage> _messages =
        Channel.CreateUnbounded<ReceivedMessage>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly SemaphoreSlim _taken = new(0);
    private readonly ClientWebSocket _socket;
    private readonly BoundedWebSocket _bounded;
    private WebsocketClient? _client;
    private long _queued;

    public WebsocketClientConnection(TimeSpan keepAlive, int messageBound = MessageBuffer.DefaultBound)
    {
        _socket = ClientWebSocketConnection.CreateSocket(keepAlive);
        _bounded = new BoundedWebSocket(_socket, messageBound, WaitForRoomAsync);
    }

    public async Task ConnectAsync(Uri endpoint, CancellationToken cancellationToken)
    {
        // With our token and not the package's, whose time to connect is fixed in some of its versions.
        _client = new WebsocketClient(endpoint, null, async (uri, _) =>
        {
            await _socket.ConnectAsync(uri, SingleAttemptHandler.Invoker, cancellationToken);
            return _bounded;
        })
        {
            IsReconnectionEnabled = false,
            IsTextMessageConversionEnabled = false,
        };
        _client.MessageReceived.Subscribe(Enqueue);
        _client.DisconnectionHappened.Subscribe(End);
        try
        {
            await _client.StartOrFail();
        }
        catch (WebsocketException wrapper) when (wrapper.InnerException is WebSocketException failure)
        {
            throw ConnectFailure.Describe(endpoint, _socket, failure);
        }
        catch (WebsocketException wrapper) when (wrapper.InnerException is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public async ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken)
    {
        ReceivedMessage message;
        while (!_messages.Reader.TryRead(out message)) await _messages.Reader.WaitToReadAsync(cancellationToken);
        var left = Interlocked.Add(ref _queued, -Weight(message));
        if (left < QueueBytes && _taken.CurrentCount == 0) _taken.Release();
        return message;
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
        _client?.Dispose();
        _bounded.Dispose();
    }

    private static long Weight(in ReceivedMessage message) => message.Payload.Length + BytesPerMessage;

    private async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        while (Interlocked.Read(ref _queued) >= QueueBytes) await _taken.WaitAsync(cancellationToken);
    }

    // In the package's receive loop, which does not go on before this returns.
    private void Enqueue(ResponseMessage pushed)
    {
        ReadOnlyMemory<byte> payload = pushed.Binary;
        var message = _bounded.Length == payload.Length
            ? ReceivedMessage.Data(payload)
            : new ReceivedMessage(MessageKind.TooLarge, payload, _bounded.Length, null);
        Interlocked.Add(ref _queued, Weight(message));
        _messages.Writer.TryWrite(message);
    }

    private void End(DisconnectionInfo end)
    {
        if (end.Type == DisconnectionType.ByServer) _messages.Writer.TryWrite(
            ReceivedMessage.Closed(end.CloseStatus, end.CloseStatusDescription));

        // A socket that gave its peer up cancels, and says why inside.
        var cause = end.Exception is OperationCanceledException { InnerException: { } inner } ? inner : end.Exception;
        _messages.Writer.TryComplete(cause as WebSocketException
            ?? new WebSocketException(
                WebSocketError.ConnectionClosedPrematurely, cause?.Message ?? $"The connection ended: {end.Type}.", cause));
    }
}
