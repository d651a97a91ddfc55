using System.Text;
using Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.TradeIngest.Tests.Simulation.Streams;

[TestClass]
public sealed class FrameReaderTests
{
    [TestMethod]
    public async Task Read_FragmentsWithAPingBetween_JoinsThem()
    {
        var reader = Reader(
            [.. Masked(0x01, "he"), .. Masked(0x89, "now"), .. Masked(0x00, "ll"), .. Masked(0x80, "o"), .. Masked(0x81, "next")]);
        Assert.AreEqual((FrameKind.Ping, "now"), await NextAsync(reader));
        Assert.AreEqual((FrameKind.Text, "hello"), await NextAsync(reader));
        Assert.AreEqual((FrameKind.Text, "next"), await NextAsync(reader));
        Assert.IsNull(await reader.ReadAsync(CancellationToken.None));
    }

    [TestMethod]
    [DataRow(125)]
    [DataRow(126)]
    [DataRow(65_535)]
    [DataRow(65_536)]
    [DataRow(FrameReader.MaxMessageLength)]
    public async Task Read_AnyLength_GivesThePayload(int length)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));
        Assert.AreEqual((FrameKind.Text, text), await NextAsync(Reader(Masked(0x81, text))));
    }

    [TestMethod]
    [DataRow(new byte[] { 0x81, 0x01, 0x61 }, 1002, DisplayName = "not masked")]
    [DataRow(new byte[] { 0xC1, 0x80, 1, 2, 3, 4 }, 1002, DisplayName = "reserved bit")]
    [DataRow(new byte[] { 0x83, 0x80, 1, 2, 3, 4 }, 1002, DisplayName = "unknown opcode")]
    [DataRow(new byte[] { 0x09, 0x80, 1, 2, 3, 4 }, 1002, DisplayName = "fragmented ping")]
    [DataRow(new byte[] { 0x89, 0xFE, 0, 126 }, 1002, DisplayName = "long ping")]
    [DataRow(new byte[] { 0x80, 0x80, 1, 2, 3, 4 }, 1002, DisplayName = "continuation of nothing")]
    [DataRow(new byte[] { 0x01, 0x80, 1, 2, 3, 4, 0x81, 0x80, 1, 2, 3, 4 }, 1002, DisplayName = "message inside a message")]
    [DataRow(new byte[] { 0x81, 0x81, 0, 0, 0, 0, 0xFF }, 1007, DisplayName = "not UTF-8")]
    [DataRow(new byte[] { 0x81, 0xFF, 0, 0, 0, 0, 0, 4, 0, 1 }, 1009, DisplayName = "too long")]
    [DataRow(new byte[] { 0x81, 0xFF, 255, 255, 255, 255, 255, 255, 255, 255 }, 1009, DisplayName = "negative length")]
    public async Task Read_BrokenFrames_NamesTheCloseCode(byte[] bytes, int code)
    {
        var error = await Assert.ThrowsExactlyAsync<FrameException>(async () => await Reader(bytes).ReadAsync(CancellationToken.None));
        Assert.AreEqual((CloseCode)code, error.Code);
    }

    // One byte at a time: every boundary inside a frame is met.
    private static FrameReader Reader(byte[] bytes) => new(bytes.Length > 1000 ? new MemoryStream(bytes) : new TricklingStream(bytes));

    private static async Task<(FrameKind Kind, string Text)> NextAsync(FrameReader reader)
    {
        var message = await reader.ReadAsync(CancellationToken.None);
        return (message!.Value.Kind, Encoding.UTF8.GetString(message.Value.Payload.Span));
    }

    private static byte[] Masked(byte first, string text)
    {
        byte[] mask = [9, 8, 7, 6];
        var length = text.Length switch
        {
            <= 125 => [(byte)(0x80 | text.Length)],
            <= 65_535 => new byte[] { 0x80 | 126, (byte)(text.Length >> 8), (byte)text.Length },
            _ =>
            [
                0x80 | 127, 0, 0, 0, 0, (byte)(text.Length >> 24), (byte)(text.Length >> 16), (byte)(text.Length >> 8),
                (byte)text.Length,
            ],
        };
        return [first, .. length, .. mask, .. Encoding.ASCII.GetBytes(text).Select((b, i) => (byte)(b ^ mask[i % 4]))];
    }

    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
