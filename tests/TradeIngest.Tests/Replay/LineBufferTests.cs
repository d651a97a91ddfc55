using System.Text;
using Crypto.TradeIngest.Replay;

namespace Crypto.TradeIngest.Tests.Replay;

[TestClass]
public sealed class LineBufferTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("", "")]
    [DataRow("a", "a")]
    [DataRow("a\n", "a")]
    [DataRow("a\r\n", "a")]
    [DataRow("a\nb", "a|b")]
    [DataRow("a\r\nb\r\n", "a|b")]
    [DataRow("\n", "")]
    [DataRow("\n\na", "||a")]
    [DataRow("a\r", "a")]
    [DataRow("a\rb\n", "a\rb")]
    [DataRow("a\r\r\n", "a\r")]
    public async Task TryTake_LineEndings_SplitWhateverTheReads(string text, string expected)
    {
        for (var readSize = 1; readSize <= 3; readSize++)
        {
            var lines = await ReadAsync(Encoding.UTF8.GetBytes(text), readSize);

            Assert.AreEqual(expected, string.Join('|', lines.Select(line => line.Text)));
        }
    }

    [TestMethod]
    public async Task TryTake_RandomLines_AreWhatWasWritten()
    {
        var random = new Random(1);
        var written = Enumerable.Range(0, 3_000).Select(_ => new string('x', random.Next(300))).ToArray();

        var lines = await ReadAsync(Encoding.UTF8.GetBytes(string.Join('\n', written) + "\n"), readSize: 1_000);

        CollectionAssert.AreEqual(written, lines.Select(line => line.Text).ToArray());
    }

    [TestMethod]
    [DataRow(LineBuffer.MaxLineLength, false)]
    [DataRow(LineBuffer.MaxLineLength + 1, true)]
    [DataRow((5 * LineBuffer.MaxLineLength) + 7, true)]
    public async Task TryTake_LongLine_IsWholeOrCutAndCounted(int length, bool tooLong)
    {
        var text = "before\nSTART" + new string('x', length - 8) + "END\nafter";

        var lines = await ReadAsync(Encoding.UTF8.GetBytes(text), readSize: 100_000);

        Assert.HasCount(3, lines);
        Assert.AreEqual("before", lines[0].Text);
        Assert.AreEqual((tooLong, (long)length), (lines[1].TooLong, lines[1].Length));
        Assert.AreEqual(tooLong ? LineBuffer.KeptOfTooLong : length, lines[1].Text.Length);
        Assert.StartsWith("STARTxxx", lines[1].Text);
        Assert.AreEqual(!tooLong, lines[1].Text.EndsWith("END", StringComparison.Ordinal));
        Assert.AreEqual(("after", false, 5L), lines[2]);
    }

    private async Task<List<(string Text, bool TooLong, long Length)>> ReadAsync(byte[] bytes, int readSize)
    {
        await using var stream = new ShortReads(bytes, readSize);
        using var buffer = new LineBuffer();
        var lines = new List<(string, bool, long)>();
        var more = true;
        while (more)
        {
            more = await buffer.FillAsync(stream, TestContext.CancellationToken);
            while (buffer.TryTake(out var line)) lines.Add((Encoding.UTF8.GetString(line), buffer.LineIsTooLong, buffer.LineLength));
        }

        Assert.AreEqual(lines.Count, buffer.LineNumber);
        return lines;
    }

    // Gives a few bytes at a time, as pipes and decompressors do.
    private sealed class ShortReads(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
