using System.Net.WebSockets;
using System.Text;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Streams;
using ClientFrames = Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

[TestClass]
public sealed class FrameReaderTests
{
    private const string Closed = "closed";
    private const string Failed = "failed";

    [TestMethod]
    public async Task ReceiveAsync_AnyTape_GivesWhatThePlatformsWebSocketGives()
    {
        var (closed, failed) = (0, 0);
        for (var seed = 0; seed < 800; seed++)
        {
            var tape = ServerFrames.Tape(new Random(seed));

            var (expected, expectedEnd) = await PlatformAsync(new DuplexTape(tape, new Random(seed)));
            var (actual, end) = await OursAsync(new DuplexTape(tape, new Random(seed + 1)));

            Assert.AreEqual(expectedEnd, end, $"seed {seed}");
            Assert.HasCount(expected.Count, actual, $"seed {seed}");
            for (var i = 0; i < expected.Count; i++) CollectionAssert.AreEqual(expected[i], actual[i], $"seed {seed}");
            if (end == Closed) closed++;
            else failed++;
        }

        // Both ends were met often.
        Assert.IsGreaterThan(200, closed);
        Assert.IsGreaterThan(200, failed);
    }

    [TestMethod]
    [DataRow(new byte[] { 0x81, 0x81, 1, 2, 3, 4, 0x61 }, "masked")]
    [DataRow(new byte[] { 0xC1, 0x00 }, "reserved bits")]
    [DataRow(new byte[] { 0x83, 0x00 }, "unknown kind 3")]
    [DataRow(new byte[] { 0x8B, 0x00 }, "unknown kind 11")]
    [DataRow(new byte[] { 0x09, 0x00 }, "divided control")]
    [DataRow(new byte[] { 0x89, 0x7E, 0, 126 }, "long or divided")]
    [DataRow(new byte[] { 0x80, 0x00 }, "continuation of nothing")]
    [DataRow(new byte[] { 0x01, 0x00, 0x81, 0x00 }, "within another")]
    [DataRow(new byte[] { 0x81, 0x7F, 255, 0, 0, 0, 0, 0, 0, 0 }, "63 bits")]
    [DataRow(new byte[] { 0x88, 0x01, 3 }, "reason")]
    [DataRow(new byte[] { 0x81, 0x01, 0xFF }, "UTF-8")]
    [DataRow(new byte[] { 0x01, 0x01, 0xC3, 0x80, 0x00 }, "UTF-8")]
    public async Task ReceiveAsync_BrokenFrames_SaysSoToThePeerAndToUs(byte[] tape, string words)
    {
        var stream = new DuplexTape(tape, new Random(1));
        using var writer = new FrameWriter(stream);
        using var reader = new FrameReader(stream, writer, MessageBuffer.DefaultBound);

        var error = await Assert.ThrowsExactlyAsync<WebSocketException>(async () => await reader.ReceiveAsync(CancellationToken.None));

        StringAssert.Contains(error.Message, words, StringComparison.Ordinal);
        var said = await new ClientFrames.FrameReader(new MemoryStream(stream.Written)).ReadAsync(CancellationToken.None);
        Assert.AreEqual(ClientFrames.FrameKind.Close, said!.Value.Kind);
    }

    [TestMethod]
    public async Task ReceiveAsync_MessageAboveTheBound_KeepsItsBeginningAndGoesOn()
    {
        var text = new string('a', 3000);
        byte[][] forms = [ServerFrames.Text(text), [.. ServerFrames.Frame(1, new byte[100]), .. ServerFrames.Frame(0x80, new byte[2900])]];
        foreach (var large in forms)
        {
            var stream = new DuplexTape([.. large, .. ServerFrames.Text("next")], new Random(1));
            using var writer = new FrameWriter(stream);
            using var reader = new FrameReader(stream, writer, bound: 1024);

            var message = await reader.ReceiveAsync(CancellationToken.None);
            Assert.AreEqual(MessageKind.TooLarge, message.Kind);
            Assert.AreEqual(3000, message.Length);
            Assert.AreEqual(1024, message.Payload.Length);

            var next = await reader.ReceiveAsync(CancellationToken.None);
            Assert.AreEqual("next", Encoding.UTF8.GetString(next.Payload.Span));
        }
    }

    [TestMethod]
    public async Task ReceiveAsync_PingWithinAMessage_IsAnsweredWithItsPayload()
    {
        var stream = new DuplexTape(
            [.. ServerFrames.Frame(1, (byte)'a'), .. ServerFrames.Frame(0x89, 1, 2, 3), .. ServerFrames.Frame(0x80, (byte)'b')], new Random(1));
        using var writer = new FrameWriter(stream);
        using var reader = new FrameReader(stream, writer, MessageBuffer.DefaultBound);

        var message = await reader.ReceiveAsync(CancellationToken.None);

        Assert.AreEqual("ab", Encoding.UTF8.GetString(message.Payload.Span));
        var answer = await new ClientFrames.FrameReader(new MemoryStream(stream.Written)).ReadAsync(CancellationToken.None);
        Assert.AreEqual(ClientFrames.FrameKind.Pong, answer!.Value.Kind);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, answer.Value.Payload.ToArray());
    }

    [TestMethod]
    public void ReceiveAsync_ManyMessagesInOneRead_AreReadyAtOnceWithoutAllocating()
    {
        const int Messages = 200;
        byte[] tape = [.. Enumerable.Repeat(ServerFrames.Text(new string('a', 168)), Messages).SelectMany(frame => frame)];
        var stream = new MemoryStream(tape);
        using var writer = new FrameWriter(Stream.Null);
        using var reader = new FrameReader(stream, writer, MessageBuffer.DefaultBound);
        var bytes = ReadyLength(reader);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i < Messages; i++) bytes += ReadyLength(reader);

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.AreEqual(Messages * 168, bytes);
        Assert.AreEqual(1, reader.Reads);
    }

    private static long ReadyLength(FrameReader reader)
    {
        var receiving = reader.ReceiveAsync(CancellationToken.None);
        return receiving.IsCompletedSuccessfully ? receiving.Result.Length : throw new AssertFailedException("Not ready.");
    }

    private static async Task<(List<byte[]> Messages, string End)> OursAsync(DuplexTape stream)
    {
        using var writer = new FrameWriter(stream);
        using var reader = new FrameReader(stream, writer, MessageBuffer.DefaultBound);
        var messages = new List<byte[]>();
        try
        {
            while (true)
            {
                var message = await reader.ReceiveAsync(CancellationToken.None);
                if (message.Kind == MessageKind.Closed) return (messages, Closed);
                messages.Add(message.Payload.ToArray());
            }
        }
        catch (WebSocketException)
        {
            return (messages, Failed);
        }
    }

    private static async Task<(List<byte[]> Messages, string End)> PlatformAsync(DuplexTape stream)
    {
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { KeepAliveInterval = TimeSpan.Zero });
        var messages = new List<byte[]>();
        using var message = new MemoryStream();
        var buffer = new byte[100_000];
        try
        {
            while (true)
            {
                var piece = await socket.ReceiveAsync(buffer, CancellationToken.None);
                if (piece.MessageType == WebSocketMessageType.Close) return (messages, Closed);
                message.Write(buffer, 0, piece.Count);
                if (!piece.EndOfMessage) continue;
                messages.Add(message.ToArray());
                message.SetLength(0);
            }
        }
        catch (WebSocketException)
        {
            return (messages, Failed);
        }
    }
}
