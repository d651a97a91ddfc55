using System.Net.WebSockets;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Streams;
using ClientFrames = Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

[TestClass]
public sealed class FramedConnectionTests : WebSocketConnectionContract
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly ManualTimeProvider _clock = new();

    internal override IWebSocketConnection Create(int messageBound) => new FramedConnection(KeepAlive, _clock, messageBound);

    [TestMethod]
    public async Task ReceiveAsync_PeerAnswersPings_StaysUp()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        var connecting = connection.ConnectAsync(server.Endpoint, CancellationToken.None);
        var (_, stream) = await server.AcceptAsync(HandshakeServer.Agreement);
        await using var owned = stream;
        await connecting;
        var receiving = connection.ReceiveAsync(CancellationToken.None);
        var client = new ClientFrames.FrameReader(stream);
        for (var i = 0; i < 5; i++)
        {
            _clock.Advance(KeepAlive);
            var ping = await client.ReadAsync(CancellationToken.None);
            Assert.AreEqual(ClientFrames.FrameKind.Ping, ping!.Value.Kind);

            // The answer to a ping of ours shows that the pong before it was read.
            await stream.WriteAsync((byte[])[.. ServerFrames.Frame(0x8A), .. ServerFrames.Frame(0x89)]);
            Assert.AreEqual(ClientFrames.FrameKind.Pong, (await client.ReadAsync(CancellationToken.None))!.Value.Kind);
        }

        await stream.WriteAsync(ServerFrames.Text("alive"));
        Assert.AreEqual(MessageKind.Data, (await receiving).Kind);
    }

    [TestMethod]
    public async Task ReceiveAsync_PeerFallsSilent_EndsAfterAnUnansweredPing()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        var connecting = connection.ConnectAsync(server.Endpoint, CancellationToken.None);
        var (_, stream) = await server.AcceptAsync(HandshakeServer.Agreement);
        await using var owned = stream;
        await connecting;
        var receiving = connection.ReceiveAsync(CancellationToken.None).AsTask();
        _clock.Advance(KeepAlive);
        await new ClientFrames.FrameReader(stream).ReadAsync(CancellationToken.None);

        // More than once: a tick that comes while the ping is still being written is one that the timer waits with.
        while (!receiving.IsCompleted)
        {
            _clock.Advance(KeepAlive);
            await Task.Yield();
        }

        var error = await Assert.ThrowsExactlyAsync<WebSocketException>(() => receiving);
        StringAssert.Contains(error.Message, "ping", StringComparison.Ordinal);
    }
}
