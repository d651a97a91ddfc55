using System.Net.WebSockets;
using System.Text;
using Crypto.TradeIngest.Streams;
using ClientFrames = Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

/// <summary>What every implementation of the socket seam does, against a server that a test writes byte by byte.</summary>
public abstract class WebSocketConnectionContract
{
    private static CancellationToken None => CancellationToken.None;

    internal abstract IWebSocketConnection Create(int messageBound);

    [TestMethod]
    public async Task ConnectAsync_ServerAgrees_AsksForThePathAndReadsWhatCameAlong()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        var connecting = connection.ConnectAsync(server.Endpoint, None);
        var (request, stream) = await server.AcceptAsync(HandshakeServer.Agreement, ServerFrames.Text("first"));
        await using var owned = stream;
        await connecting;

        StringAssert.StartsWith(request, "GET /stream?timeUnit=MICROSECOND HTTP/1.1\r\n", StringComparison.Ordinal);
        Assert.AreEqual("first", await TextAsync(connection));
    }

    [TestMethod]
    [DataRow("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n", DisplayName = "another status")]
    [DataRow("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", DisplayName = "no accept")]
    [DataRow("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", DisplayName = "another accept")]
    [DataRow("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {0}\r\n", DisplayName = "another upgrade")]
    [DataRow("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {0}\r\n", DisplayName = "no connection header")]
    public async Task ConnectAsync_ServerDoesNotAgree_IsAWebSocketException(string answer)
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        var connecting = connection.ConnectAsync(server.Endpoint, None);
        var (_, stream) = await server.AcceptAsync(accept => answer.Replace("{0}", accept, StringComparison.Ordinal));
        await using var owned = stream;

        await Assert.ThrowsAsync<WebSocketException>(() => connecting);
    }

    [TestMethod]
    public async Task ConnectAsync_NobodyListens_IsAWebSocketException()
    {
        var server = new HandshakeServer();
        var endpoint = server.Endpoint;
        server.Dispose();
        using var connection = Create(MessageBuffer.DefaultBound);

        await Assert.ThrowsAsync<WebSocketException>(() => connection.ConnectAsync(endpoint, None));
    }

    [TestMethod]
    public async Task ReceiveAsync_PiecesPingsAndLongMessages_ComeWholeAndInOrder()
    {
        using var server = new HandshakeServer();
        using var connection = Create(messageBound: 200_000);
        await using var stream = await ConnectAsync(server, connection);
        var large = new string('x', 150_000);
        var tooLarge = new string('y', 250_000);

        var writing = stream.WriteAsync((byte[])
        [
            .. ServerFrames.Frame(1, (byte)'a'), .. ServerFrames.Frame(0x89, 7), .. ServerFrames.Frame(0x80, (byte)'b'),
            .. ServerFrames.Text(large), .. ServerFrames.Text(tooLarge), .. ServerFrames.Text("last"),
        ]);

        Assert.AreEqual("ab", await TextAsync(connection));
        Assert.AreEqual(large, await TextAsync(connection));
        var message = await connection.ReceiveAsync(None);
        Assert.AreEqual((MessageKind.TooLarge, 250_000L), (message.Kind, message.Length));
        Assert.AreEqual("last", await TextAsync(connection));
        await writing;
        var answer = await new ClientFrames.FrameReader(stream).ReadAsync(None);
        Assert.AreEqual(ClientFrames.FrameKind.Pong, answer!.Value.Kind);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(125)]
    [DataRow(126)]
    [DataRow(70_000)]
    public async Task SendAsync_AnyLength_ArrivesMaskedAsOneText(int length)
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        await using var stream = await ConnectAsync(server, connection);
        var text = new string('z', length);

        var sending = connection.SendAsync(Encoding.UTF8.GetBytes(text), None);
        var received = await new ClientFrames.FrameReader(stream).ReadAsync(None);
        await sending;

        Assert.AreEqual(ClientFrames.FrameKind.Text, received!.Value.Kind);
        Assert.AreEqual(text, Encoding.UTF8.GetString(received.Value.Payload.Span));
    }

    [TestMethod]
    public async Task ReceiveAsync_ServerCloses_TellsStatusAndWords()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        await using var stream = await ConnectAsync(server, connection);
        await stream.WriteAsync(ServerFrames.Frame(0x88, [1008 >> 8, 1008 & 0xFF, .. "Too many requests"u8]));

        var message = await connection.ReceiveAsync(None);

        Assert.AreEqual(MessageKind.Closed, message.Kind);
        Assert.AreEqual("closed by the exchange: 1008 Too many requests", message.CloseReason);
    }

    [TestMethod]
    public async Task CloseAsync_ServerAnswers_EndsTheReader()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        await using var stream = await ConnectAsync(server, connection);
        var receiving = connection.ReceiveAsync(None);

        await connection.CloseAsync(None);
        var said = await new ClientFrames.FrameReader(stream).ReadAsync(None);
        await stream.WriteAsync(ServerFrames.Frame(0x88, said!.Value.Payload.ToArray()));

        Assert.AreEqual(ClientFrames.FrameKind.Close, said.Value.Kind);
        Assert.AreEqual(MessageKind.Closed, (await receiving).Kind);
    }

    [TestMethod]
    public async Task ReceiveAsync_ServerHangsUp_IsAWebSocketException()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        var stream = await ConnectAsync(server, connection);
        var receiving = connection.ReceiveAsync(None).AsTask();

        await stream.DisposeAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => receiving);
    }

    [TestMethod]
    public async Task ReceiveAsync_Canceled_EndsAtOnce()
    {
        using var server = new HandshakeServer();
        using var connection = Create(MessageBuffer.DefaultBound);
        await using var stream = await ConnectAsync(server, connection);
        using var cancel = new CancellationTokenSource();
        var receiving = connection.ReceiveAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => receiving);
    }

    private static async Task<Stream> ConnectAsync(HandshakeServer server, IWebSocketConnection connection)
    {
        var connecting = connection.ConnectAsync(server.Endpoint, None);
        var (_, stream) = await server.AcceptAsync(HandshakeServer.Agreement);
        await connecting;
        return stream;
    }

    private static async Task<string> TextAsync(IWebSocketConnection connection)
    {
        var message = await connection.ReceiveAsync(None);
        Assert.AreEqual(MessageKind.Data, message.Kind);
        return Encoding.UTF8.GetString(message.Payload.Span);
    }
}
