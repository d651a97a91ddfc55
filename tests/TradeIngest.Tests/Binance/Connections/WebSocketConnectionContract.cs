using System.Net.WebSockets;
using System.Text;
using Crypto.TradeIngest.Streams;
using ClientFrames = Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

/// <summary>What every implementation of the socket seam does, against a server that a test writes byte by byte.</summary>
public abstract class WebSocketConnectionContract
{
    private static CancellationToken None => CancellationToken.None;

    internal abstract IWebSocketConnection Create(TimeSpan keepAlive, int messageBound);

    [TestMethod]
    public async Task ConnectAsync_ServerAgrees_AsksForThePathAndReadsWhatCameAlong()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        var connecting = connection.ConnectAsync(server.Endpoint, None);
        var (request, stream) = await server.AcceptAsync(HandshakeServer.Agreement, ServerFrames.Text("first"));
        await using var owned = stream;
        await connecting;

        StringAssert.StartsWith(request, "GET /stream?timeUnit=MICROSECOND HTTP/1.1\r\n", StringComparison.Ordinal);
        Assert.AreEqual("first", await TextAsync(connection));
    }

    [TestMethod]
    [DataRow("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n", "404 NotFound", DisplayName = "another status")]
    [DataRow(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        "Sec-WebSocket-Accept", DisplayName = "no accept")]
    [DataRow("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Sec-WebSocket-Accept", DisplayName = "another accept")]
    [DataRow(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {0}\r\n",
        "Upgrade", DisplayName = "another upgrade")]
    [DataRow(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {0}\r\n",
        "Connection", DisplayName = "no connection header")]
    public async Task ConnectAsync_ServerDoesNotAgree_IsAnExchangeException(string answer, string reason)
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        var connecting = connection.ConnectAsync(server.Endpoint, None);
        var (_, stream) = await server.AcceptAsync(accept => answer.Replace("{0}", accept, StringComparison.Ordinal));
        await using var owned = stream;

        var error = await Assert.ThrowsExactlyAsync<ExchangeException>(() => connecting);
        Assert.IsTrue(error.IsTransient);
        StringAssert.Contains(error.Message, reason, StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task ConnectAsync_ServerAsksToStayAway_SaysForHowLong()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        var connecting = connection.ConnectAsync(server.Endpoint, None);
        var (_, stream) = await server.AcceptAsync(_ => "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 37\r\nContent-Length: 0\r\n");
        await using var owned = stream;

        var error = await Assert.ThrowsExactlyAsync<ExchangeException>(() => connecting);
        StringAssert.EndsWith(error.Message, "it answers 429 TooManyRequests, Retry-After: 37", StringComparison.Ordinal);
        Assert.AreEqual(TimeSpan.FromSeconds(37), error.RetryAfter);
    }

    [TestMethod]
    public async Task ConnectAsync_CertificateIsNotTrusted_SaysSo()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        var connecting = connection.ConnectAsync(new UriBuilder(server.Endpoint) { Scheme = "wss" }.Uri, None);
        await server.OfferCertificateAsync();

        var error = await Assert.ThrowsExactlyAsync<ExchangeException>(() => connecting);
        StringAssert.Contains(error.Message, "certificate is invalid", StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [TestMethod]
    public async Task ConnectAsync_NobodyListens_IsAnExchangeException()
    {
        var server = new HandshakeServer();
        var endpoint = server.Endpoint;
        server.Dispose();
        using var connection = Create();

        var error = await Assert.ThrowsExactlyAsync<ExchangeException>(() => connection.ConnectAsync(endpoint, None));
        StringAssert.Contains(error.Message, "refused", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task ConnectAsync_Canceled_EndsAtOnce()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        using var cancel = new CancellationTokenSource();
        var connecting = connection.ConnectAsync(server.Endpoint, cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => connecting);
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
        using var connection = Create();
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
        using var connection = Create();
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
        using var connection = Create();
        await using var stream = await ConnectAsync(server, connection);
        var receiving = connection.ReceiveAsync(None);

        await connection.CloseAsync(None);
        var said = await new ClientFrames.FrameReader(stream).ReadAsync(None);
        await stream.WriteAsync(ServerFrames.Frame(0x88, said!.Value.Payload.ToArray()));

        Assert.AreEqual(ClientFrames.FrameKind.Close, said.Value.Kind);
        Assert.AreEqual(MessageKind.Closed, (await receiving).Kind);
    }

    [TestMethod]
    public async Task CloseAsync_MessagesAreInFlight_TheyStillCome()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        await using var stream = await ConnectAsync(server, connection);

        await connection.CloseAsync(None);
        await stream.WriteAsync(
            (byte[])[.. ServerFrames.Text("a"), .. ServerFrames.Text("b"), .. ServerFrames.Text("c"), .. ServerFrames.Frame(0x88, 3, 232)]);

        Assert.AreEqual("a", await TextAsync(connection));
        Assert.AreEqual("b", await TextAsync(connection));
        Assert.AreEqual("c", await TextAsync(connection));
        Assert.AreEqual(MessageKind.Closed, (await connection.ReceiveAsync(None)).Kind);
    }

    [TestMethod]
    public async Task ReceiveAsync_ServerHangsUp_IsAWebSocketException()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        var stream = await ConnectAsync(server, connection);
        var receiving = connection.ReceiveAsync(None).AsTask();

        await stream.DisposeAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => receiving);
    }

    [TestMethod]
    [DataRow(new byte[] { 0x81, 0x81, 1, 2, 3, 4, 0x61 }, DisplayName = "masked")]
    [DataRow(new byte[] { 0xC1, 0x00 }, DisplayName = "compressed, though nobody agreed to it")]
    [DataRow(new byte[] { 0x83, 0x00 }, DisplayName = "unknown opcode")]
    [DataRow(new byte[] { 0x80, 0x00 }, DisplayName = "continuation of nothing")]
    [DataRow(new byte[] { 0x81, 0x01, 0xFF }, DisplayName = "not UTF-8")]
    public async Task ReceiveAsync_BrokenFrames_IsAWebSocketException(byte[] frames)
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        await using var stream = await ConnectAsync(server, connection);

        await stream.WriteAsync(frames);

        await Assert.ThrowsAsync<WebSocketException>(() => connection.ReceiveAsync(None).AsTask());
    }

    [TestMethod]
    public async Task ReceiveAsync_PeerAnswersNoPing_IsAWebSocketExceptionThatSaysSo()
    {
        using var server = new HandshakeServer();
        using var connection = Create(keepAlive: TimeSpan.FromMilliseconds(50));
        await using var stream = await ConnectAsync(server, connection);

        var error = await Assert.ThrowsAsync<WebSocketException>(() => connection.ReceiveAsync(None).AsTask());
        StringAssert.Contains(error.Message, "pong", StringComparison.OrdinalIgnoreCase);
    }

    [TestMethod]
    public async Task SendAsync_Disposed_IsAnObjectDisposedException()
    {
        using var server = new HandshakeServer();
        var connection = Create();
        await using var stream = await ConnectAsync(server, connection);

        connection.Dispose();

        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => connection.SendAsync("{}"u8.ToArray(), None).AsTask());
    }

    [TestMethod]
    public async Task ReceiveAsync_NobodyReads_TheSenderWaitsAndNothingIsLost()
    {
        const int Messages = 3000;
        using var server = new HandshakeServer();
        using var connection = Create();
        await using var stream = await ConnectAsync(server, connection);
        var filler = new string('x', 16_000);

        // More than sockets and queues hold, so that the sender gets no further before somebody reads.
        var sent = 0;
        var writing = Task.Run(async () =>
        {
            for (; sent < Messages; Interlocked.Increment(ref sent)) await stream.WriteAsync(ServerFrames.Text($"{sent} {filler}"));
        });
        for (var seen = -1; seen != Volatile.Read(ref sent);)
        {
            seen = Volatile.Read(ref sent);
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));
        }

        Assert.IsFalse(writing.IsCompleted);

        for (var i = 0; i < Messages; i++) StringAssert.StartsWith(await TextAsync(connection), $"{i} ", StringComparison.Ordinal);
        await writing;
    }

    [TestMethod]
    public async Task ReceiveAsync_Canceled_EndsAtOnce()
    {
        using var server = new HandshakeServer();
        using var connection = Create();
        await using var stream = await ConnectAsync(server, connection);
        using var cancel = new CancellationTokenSource();
        var receiving = connection.ReceiveAsync(cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => receiving);
    }

    private IWebSocketConnection Create(int messageBound = MessageBuffer.DefaultBound) => Create(TimeSpan.FromMinutes(5), messageBound);

    private IWebSocketConnection Create(TimeSpan keepAlive) => Create(keepAlive, MessageBuffer.DefaultBound);

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
