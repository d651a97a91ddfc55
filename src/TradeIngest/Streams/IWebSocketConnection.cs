namespace Crypto.TradeIngest.Streams;

/// <summary>
/// One WebSocket from connect to close; a reconnect takes a new one. One reader and one writer may use it at the same time;
/// it is disposed after the reader has ended (cancel a pending receive to abort), since it owns the memory being read into.
/// Later failures of the network surface as <see cref="System.Net.WebSockets.WebSocketException"/> or <see cref="IOException"/>.
/// </summary>
internal interface IWebSocketConnection : IDisposable
{
    /// <summary>Whether it is not read now because this process has no room for what would come.</summary>
    bool IsPaused => false;

    /// <exception cref="ExchangeException">
    /// There is no connection; the message says why, with the status of a refusal. Transient.
    /// </exception>
    Task ConnectAsync(Uri endpoint, CancellationToken cancellationToken);

    /// <summary>
    /// The next whole message, put together when it came in pieces. The task is complete at once exactly when a whole message
    /// was ready: that is how natural batches know where to end. The payload is valid until the next call.
    /// </summary>
    ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken);

    /// <param name="utf8">One text message.</param>
    ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken);

    /// <summary>Starts the closing handshake; the reader then gets <see cref="MessageKind.Closed"/>.</summary>
    Task CloseAsync(CancellationToken cancellationToken);
}
