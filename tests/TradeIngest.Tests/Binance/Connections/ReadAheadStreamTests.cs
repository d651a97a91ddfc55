using Crypto.TradeIngest.Binance.Connections;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

[TestClass]
public sealed class ReadAheadStreamTests
{
    [TestMethod]
    public async Task ReadAsync_SizesOfEveryKind_GiveTheBytesInOrder()
    {
        var expected = new byte[300_000];
        new Random(1).NextBytes(expected);
        using var stream = new ReadAheadStream(new MemoryStream(expected));
        var random = new Random(2);
        using var read = new MemoryStream();
        var buffer = new byte[100_000];
        while (true)
        {
            var room = buffer.AsMemory(0, random.Next(8) == 0 ? random.Next(1, buffer.Length) : random.Next(1, 500));
            var count = await stream.ReadAsync(room);
            if (count == 0) break;
            read.Write(buffer, 0, count);
        }

        CollectionAssert.AreEqual(expected, read.ToArray());
    }

    [TestMethod]
    public async Task ReadAsync_BytesAreLeft_CompletesAtOnceWithoutAskingAgain()
    {
        var inner = new CountingStream(new byte[1000]);
        using var stream = new ReadAheadStream(inner);
        for (var i = 0; i < 100; i++)
        {
            var reading = stream.ReadAsync(new byte[10]);
            Assert.IsTrue(reading.IsCompletedSuccessfully);
            Assert.AreEqual(10, await reading);
        }

        Assert.AreEqual(1, inner.Reads);
    }

    [TestMethod]
    public async Task ReadAsync_Canceled_KeepsNothingBack()
    {
        using var stream = new ReadAheadStream(new MemoryStream([1, 2, 3]));
        await Assert.ThrowsAsync<OperationCanceledException>(() => stream.ReadAsync(new byte[1], new CancellationToken(canceled: true)).AsTask());
        var buffer = new byte[3];
        Assert.AreEqual(3, await stream.ReadAsync(buffer));
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, buffer);
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public int Reads { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
