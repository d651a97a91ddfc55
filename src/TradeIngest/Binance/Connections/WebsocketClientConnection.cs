using System.Net.WebSockets;
using System.Threading.Channels;
using Crypto.TradeIngest.Streams;
using Websocket.Client;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// The same seam on the package Websocket.Client, compiled with <c>-p:WebsocketClient=true</c>. The package pushes messages from
/// its own loop; a bounded channel turns that into pulling. Its reconnection is off: subscribing again is the stream's business.
/// Costs a copy and an array per message, which is why the platform's socket is the default.
/// </summary>
internal sealed class WebsocketClientConnection(TimeSpan keepAlive, int messageBound = MessageBuffer.DefaultBound) : IWebSocketConnection
{
    /// <summary>Messages between the package's loop and ours. When full that loop waits, and TCP slows the exchange down.</summary>
    private const int Capacity = 4096;

    /// <summary>Bytes of these messages from which on that loop waits too.</summary>
    private const long CapacityBytes = 16 << 20;

    private readonly Channel<byte[]> _messages = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly object _gate = new();
    private long _bytes;
    private bool _isClosed;
    private WebsocketClient? _client;
    private IDisposable? _messageSubscription;
    private IDisposable? _endSubscription;
    private string? _end;

    public async Task ConnectAsync(Uri endpoint, CancellationToken token)
    {
        _client = new WebsocketClient(endpoint, CreateSocket)
        {
            IsReconnectionEnabled = false,
            IsTextMessageConversionEnabled = false,
            ReconnectTimeout = null,
            ErrorReconnectTimeout = null,
        };
        _messageSubscription = _client.MessageReceived.Subscribe(OnMessage);
        _endSubscription = _client.DisconnectionHappened.Subscribe(OnEnd);
        try
        {
            await _client.StartOrFail().WaitAsync(token);
        }
        catch (Websocket.Client.Exceptions.WebsocketException e)
        {
            throw new WebSocketException(e.Message, e);
        }
    }

    public async ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken token)
    {
        while (await _messages.Reader.WaitToReadAsync(token))
        {
            if (!_messages.Reader.TryRead(out var message)) continue;
            lock (_gate)
            {
                _bytes -= message.Length;
                Monitor.Pulse(_gate);
            }

            return message.Length <= messageBound
                ? ReceivedMessage.Data(message)
                : new ReceivedMessage(MessageKind.TooLarge, message.AsMemory(0, messageBound), message.Length, null);
        }

        return new ReceivedMessage(MessageKind.Closed, default, 0, _end ?? "connection ended");
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken token)
    {
        var client = _client ?? throw new InvalidOperationException("Connect first.");
        await client.SendInstant(System.Text.Encoding.UTF8.GetString(utf8.Span)).WaitAsync(token);
    }

    public async Task CloseAsync(CancellationToken token)
    {
        WaitNoMore();
        if (_client is { } client) await client.Stop(WebSocketCloseStatus.NormalClosure, string.Empty).WaitAsync(token);
        _messages.Writer.TryComplete();
    }

    public void Dispose()
    {
        WaitNoMore();
        _messages.Writer.TryComplete();
        _messageSubscription?.Dispose();
        _endSubscription?.Dispose();
        _client?.Dispose();
    }

    private ClientWebSocket CreateSocket()
    {
        var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = keepAlive;
        socket.Options.KeepAliveTimeout = keepAlive;
        return socket;
    }

    private void OnMessage(ResponseMessage message)
    {
        var bytes = message.Binary ?? System.Text.Encoding.UTF8.GetBytes(message.Text ?? string.Empty);

        // The package calls synchronously from its receive loop, so waiting here is its only back-pressure.
        lock (_gate)
        {
            while (_bytes >= CapacityBytes && !_isClosed) Monitor.Wait(_gate);
            _bytes += bytes.Length;
        }

        if (_messages.Writer.TryWrite(bytes)) return;
        try
        {
            _messages.Writer.WriteAsync(bytes).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException)
        {
            // Closing on our side: the rest of the connection is not wanted any more.
        }
    }

    private void WaitNoMore()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void OnEnd(DisconnectionInfo info)
    {
        // With the reconnection off the package does not try again, whatever ended the connection.
        info.CancelReconnection = true;
        _end = info.Exception?.Message ?? $"{info.Type}: {(int?)info.CloseStatus} {info.CloseStatusDescription}".TrimEnd();
        _messages.Writer.TryComplete();
    }
}
