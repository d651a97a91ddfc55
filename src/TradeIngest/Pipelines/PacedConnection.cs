using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// A connection that is not read while the hand-off has no room, so that TCP holds the sender back: nothing is shed, and what the
/// exchange cannot send it buffers, or it cuts the connection.
/// </summary>
internal sealed class PacedConnection(IWebSocketConnection connection, TradeChannel channel) : IWebSocketConnection
{
    public Task ConnectAsync(Uri endpoint, CancellationToken token) => connection.ConnectAsync(endpoint, token);

    public ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken token) => channel.HasRoom ? connection.ReceiveAsync(token) : ReceiveLaterAsync(token);

    public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken token) => connection.SendAsync(utf8, token);

    public Task CloseAsync(CancellationToken token) => connection.CloseAsync(token);

    public void Dispose() => connection.Dispose();

    private async ValueTask<ReceivedMessage> ReceiveLaterAsync(CancellationToken token)
    {
        await channel.WaitForRoomAsync(token);
        return await connection.ReceiveAsync(token);
    }
}
