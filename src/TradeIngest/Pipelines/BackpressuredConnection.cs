using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// A connection that is not read while the hand-off has no room, so that TCP holds the sender back: nothing is shed, and what the
/// exchange cannot send it buffers, or it cuts the connection.
/// </summary>
internal sealed class BackpressuredConnection(IWebSocketConnection connection, TradeChannel channel) : IWebSocketConnection
{
    private volatile bool _isPaused;

    public bool IsPaused => _isPaused;

    public Task ConnectAsync(Uri endpoint, CancellationToken cancellationToken) => connection.ConnectAsync(endpoint, cancellationToken);

    public ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken) =>
        channel.HasRoom ? connection.ReceiveAsync(cancellationToken) : ReceiveLaterAsync(cancellationToken);

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken) =>
        connection.SendAsync(utf8, cancellationToken);

    public Task CloseAsync(CancellationToken cancellationToken) => connection.CloseAsync(cancellationToken);

    public void Dispose() => connection.Dispose();

    private async ValueTask<ReceivedMessage> ReceiveLaterAsync(CancellationToken cancellationToken)
    {
        _isPaused = true;
        await channel.WaitForRoomAsync(cancellationToken);
        _isPaused = false;
        return await connection.ReceiveAsync(cancellationToken);
    }
}
