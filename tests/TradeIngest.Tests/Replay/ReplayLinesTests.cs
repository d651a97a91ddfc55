using System.Text;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Tests.Replay;

[TestClass]
public sealed class ReplayLinesTests
{
    private static readonly byte[] Csv = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("1,2.50000000,2.00000000,5.00000000,1770076800005000,True,True\n", 2_000)));

    private static readonly byte[] Frames = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(
        """{"stream":"btcusdt@trade","data":{"e":"trade","E":1780081787835,"s":"BTCUSDT","t":1,"p":"73471.25000000","q":"0.00006000","T":1780081787834,"m":true,"M":true}}""" + "\n", 1_000)));

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Next_ArchiveLines_AllocatesNothingPerLine() => Assert.IsLessThan(1.0, await AllocatedPerLineAsync(ReplayFormat.ArchiveCsv, Csv));

    [TestMethod]
    public async Task Next_Frames_AllocatesNothingPerLine() => Assert.IsLessThan(1.0, await AllocatedPerLineAsync(ReplayFormat.Frames, Frames));

    // All lines are taken in one synchronous call, so that this thread's counter sees them. It allocates the batch, whose array is
    // pooled, and nothing else: the smallest object per line would make it 24.
    private async Task<double> AllocatedPerLineAsync(ReplayFormat format, byte[] text)
    {
        var symbols = new SymbolTable();
        var part = new ReplayPart("test", format, symbols.Intern("BTCUSDT"), () => Stream.Null);
        var counts = new ReplayCounts();
        using var lines = new ReplayLines(part, symbols, TimeProvider.System, counts);
        long allocated = 0;
        for (var round = 0; round < 3; round++)
        {
            await using var stream = new MemoryStream(text);
            await lines.FillAsync(stream, TestContext.CancellationToken);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var next = lines.Next();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.IsNull(next);
            lines.Rest()?.Dispose();
        }

        var count = text.AsSpan().Count((byte)'\n');
        Assert.AreEqual(3L * count, counts.Trades);
        return (double)allocated / count;
    }
}
