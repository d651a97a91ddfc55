using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log;

/// <summary>
/// What every trade log must do. An implementation derives one class from this and says how to open a fresh log and how to open
/// the same one again. The clock stands still, so a reader that waits is woken by what it waits for and by nothing else.
/// </summary>
public abstract class TradeLogContract
{
    private protected const string Topic = "trades";

    private ITradeLog? _log;

    public TestContext TestContext { get; set; } = null!;

    private protected ManualTimeProvider Clock { get; } = new();

    private protected CancellationToken Stop => TestContext.CancellationToken;

    private protected ITradeLog Log => _log ?? throw new InvalidOperationException("Open a log first.");

    [TestCleanup]
    public async Task CloseAsync()
    {
        if (_log is not null) await _log.DisposeAsync();
    }

    /// <summary>An empty log.</summary>
    private protected abstract Task<ITradeLog> CreateAsync(int partitions);

    /// <summary>The log created last, after it was closed.</summary>
    private protected abstract Task<ITradeLog> OpenAgainAsync(int partitions);

    [TestMethod]
    public async Task Append_ArbitraryBytes_ComeBackAsTheyWere()
    {
        await StartAsync();
        var large = new byte[1 << 20];
        new Random(1).NextBytes(large);
        byte[][] values = ["plain"u8.ToArray(), [], [0], [0xFF, 0, 0x80, 10, 13], large, new byte[127], new byte[128], "last"u8.ToArray()];

        await AppendAsync(values.Select((value, i) => ($"k{i}", value)).ToArray());

        var read = await ReadAsync(values.Length);
        for (var i = 0; i < values.Length; i++) Assert.IsTrue(values[i].AsSpan().SequenceEqual(read[i].Value), $"record {i}");
    }

    [TestMethod]
    public async Task Append_ArbitraryKeys_AreTaken()
    {
        await StartAsync(partitions: 3);
        string[] keys = ["", "BTCUSDT", "币安人生USDT", new('k', 70_000)];

        await AppendAsync(keys.Select(key => (key, Bytes(key[..Math.Min(key.Length, 7)]))).ToArray());

        var read = await ReadAsync(keys.Length, partitions: 3);
        CollectionAssert.AreEquivalent(new[] { "", "BTCUSDT", "币安人生USD", "kkkkkkk" }, read.Select(record => Text(record.Value)).ToArray());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public async Task Append_ManyKeys_EachStaysInItsPartitionAndInOrder(int partitions)
    {
        await StartAsync(partitions);
        const int Keys = 20;
        for (var round = 0; round < 10; round++)
        {
            var numbers = Enumerable.Range(0, Keys * 5);
            await AppendAsync(numbers.Select(i => ($"key{i % Keys}", Bytes($"key{i % Keys}:{(round * 5) + (i / Keys)}"))).ToArray());
        }

        var read = await ReadAsync(Keys * 50, partitions);
        foreach (var key in read.GroupBy(record => Text(record.Value).Split(':')[0]))
        {
            var home = Partitioner.Of(Bytes(key.Key), partitions);
            Assert.IsTrue(key.All(record => record.Partition == home), $"{key.Key} belongs in partition {home}");
            CollectionAssert.AreEqual(
                Enumerable.Range(0, 50).Select(i => $"{key.Key}:{i}").ToArray(), key.Select(record => Text(record.Value)).ToArray());
        }

        Assert.AreEqual(partitions, read.Select(record => record.Partition).Distinct().Count());
    }

    [TestMethod]
    public async Task Read_WholePartition_SlicesJoinOnAndOffsetsRise()
    {
        await StartAsync();
        for (var i = 0; i < 20; i++) await AppendTextsAsync(Enumerable.Range(i * 7, 7).Select(n => $"{n}").ToArray());
        await using var reader = Log.OpenReader(Topic, From(0));

        long next = 0;
        long last = -1;
        var texts = new List<string>();
        while (reader.TryRead(10) is { } slice)
        {
            Assert.AreEqual((0, next), (slice.Partition, slice.FromOffset));
            Assert.IsLessThanOrEqualTo(10 + 7, slice.Records.Length);
            foreach (var record in slice.Records.Span)
            {
                Assert.IsGreaterThan(last, last = record.Offset);
                texts.Add(Text(record.Value.ToArray()));
            }

            next = slice.NextOffset;
            Assert.IsGreaterThan(last, next);
        }

        CollectionAssert.AreEqual(Enumerable.Range(0, 140).Select(n => $"{n}").ToArray(), texts);
        Assert.AreEqual(next, (await Log.OffsetsAsync(Topic, 0, Stop)).Next);
    }

    [TestMethod]
    public async Task Read_LargeRecords_SlicesAreBoundedInBytesAndJoinOn()
    {
        await StartAsync();
        const int Size = 900_000;
        for (var batch = 0; batch < 3; batch++)
        {
            await AppendAsync(Enumerable.Range(batch * 10, 10).Select(n => ("key", Numbered(n, Size))).ToArray());
        }

        await using var reader = Log.OpenReader(Topic, From(0));

        long next = 0;
        var numbers = new List<int>();
        while (reader.TryRead(1_000) is { } slice)
        {
            Assert.AreEqual(next, slice.FromOffset);
            Assert.IsLessThan(ConsumedBatch.MaxBytes + Size, slice.Records.Length * Size);
            foreach (var record in slice.Records.Span) numbers.Add(BitConverter.ToInt32(record.Value.Span));
            next = slice.NextOffset;
        }

        CollectionAssert.AreEqual(Enumerable.Range(0, 30).ToArray(), numbers);

        static byte[] Numbered(int number, int size)
        {
            var bytes = new byte[size];
            BitConverter.TryWriteBytes(bytes, number);
            return bytes;
        }
    }

    [TestMethod]
    public async Task Read_FromAnyOffset_StartsExactlyThere()
    {
        await StartAsync();
        await AppendTextsAsync("0", "1", "2", "3");
        await AppendTextsAsync("4", "5", "6");
        var all = await ReadAsync(7);

        foreach (var start in all)
        {
            var read = await ReadAsync(1, from: start.Offset);
            Assert.AreEqual((start.Offset, Text(start.Value)), (read[0].Offset, Text(read[0].Value)));
        }
    }

    [TestMethod]
    public async Task TryRead_NothingThere_IsNull()
    {
        await StartAsync(partitions: 2);
        await using var reader = Log.OpenReader(Topic, From(0, 0));
        Assert.IsNull(reader.TryRead(10));

        await AppendTextsAsync("one");

        Assert.AreEqual(1, reader.TryRead(10)?.Records.Length);
        Assert.IsNull(reader.TryRead(10));
    }

    [TestMethod]
    public async Task ReadAsync_NothingThere_WaitsForTheNextAppend()
    {
        await StartAsync();
        await AppendTextsAsync("before");
        await using var reader = Log.OpenReader(Topic, From(0));
        await reader.ReadAsync(10, Stop);

        var waiting = reader.ReadAsync(10, Stop).AsTask();
        Assert.IsFalse(waiting.IsCompleted);
        await AppendTextsAsync("after");

        Assert.AreEqual("after", Text((await waiting).Records.Span[0].Value.ToArray()));
    }

    [TestMethod]
    public async Task ReadAsync_CanceledWhileWaiting_ThrowsAndTheReaderGoesOn()
    {
        await StartAsync();
        await using var reader = Log.OpenReader(Topic, From(0));
        using var canceling = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var waiting = reader.ReadAsync(10, canceling.Token).AsTask();

        await canceling.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting);
        await AppendTextsAsync("still there");
        Assert.AreEqual("still there", Text((await reader.ReadAsync(10, Stop)).Records.Span[0].Value.ToArray()));
    }

    [TestMethod]
    public async Task Read_SeveralReadersAtOnce_EachGetsEverything()
    {
        await StartAsync(partitions: 2);
        var reading = Enumerable.Range(0, 3).Select(_ => Task.Run(() => ReadAsync(600, partitions: 2), Stop)).ToArray();
        for (var i = 0; i < 60; i++) await AppendAsync(Enumerable.Range(i * 10, 10).Select(n => ($"key{n % 7}", Bytes($"{n}"))).ToArray());

        foreach (var read in await Task.WhenAll(reading))
        {
            CollectionAssert.AreEqual(
                Enumerable.Range(0, 600).ToArray(), read.Select(record => int.Parse(Text(record.Value), null)).Order().ToArray());
        }
    }

    [TestMethod]
    public async Task Append_SeveralWritersAtOnce_NothingIsLostAndEachKeyKeepsItsOrder()
    {
        await StartAsync(partitions: 2);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(
            async () =>
            {
                for (var i = 0; i < 25; i++)
                {
                    await AppendAsync(($"w{writer}", Bytes($"w{writer}:{i * 2}")), ($"w{writer}", Bytes($"w{writer}:{(i * 2) + 1}")));
                }
            },
            Stop)));

        var read = await ReadAsync(200, partitions: 2);
        foreach (var writer in read.GroupBy(record => Text(record.Value).Split(':')[0]))
        {
            CollectionAssert.AreEqual(
                Enumerable.Range(0, 50).Select(i => $"{writer.Key}:{i}").ToArray(), writer.Select(record => Text(record.Value)).ToArray());
        }
    }

    [TestMethod]
    public async Task Append_EmptyBatch_ChangesNothing()
    {
        await StartAsync();
        await AppendTextsAsync("one");
        var before = await Log.OffsetsAsync(Topic, 0, Stop);

        await AppendAsync();

        Assert.AreEqual(before, await Log.OffsetsAsync(Topic, 0, Stop));
    }

    [TestMethod]
    public async Task Append_AnotherTopic_HasItsOwnOffsets()
    {
        await StartAsync();
        await AppendTextsAsync("one", "two");
        using var batch = new RecordBatch();
        batch.Add("k"u8, "letter"u8);

        await Log.AppendAsync("letters", batch, Stop);

        Assert.AreEqual(1, (await Log.OffsetsAsync("letters", 0, Stop)).Count);
        await using var reader = Log.OpenReader("letters", From(0));
        Assert.AreEqual("letter", Text((await reader.ReadAsync(10, Stop)).Records.Span[0].Value.ToArray()));
    }

    [TestMethod]
    public async Task OffsetsAsync_NothingAppended_IsEmpty()
    {
        await StartAsync();

        Assert.AreEqual(0, (await Log.OffsetsAsync(Topic, 0, Stop)).Count);
    }

    [TestMethod]
    public async Task TrimAsync_NothingOld_RemovesNothing()
    {
        await StartAsync();
        await AppendTextsAsync("one", "two");

        Assert.AreEqual(0, await Log.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(), Stop));

        Assert.AreEqual(2, (await Log.OffsetsAsync(Topic, 0, Stop)).Count);
    }

    [TestMethod]
    public async Task Read_BeyondTheEnd_IsRefusedWithTheWayOut()
    {
        await StartAsync();
        await AppendTextsAsync("0", "1");
        await using var reader = Log.OpenReader(Topic, From(3));

        var failure = await Assert.ThrowsExactlyAsync<LogException>(async () => await reader.ReadAsync(10, Stop));

        Assert.Contains("offset 2", failure.Message);
        Assert.Contains("position 3", failure.Message);
    }

    [TestMethod]
    public async Task Reopen_AfterAppends_KeepsEpochRecordsAndOffsets()
    {
        await StartAsync(partitions: 2);
        await AppendAsync(("a", Bytes("1")), ("b", Bytes("2")), ("c", Bytes("3")));
        var epoch = Log.Epoch;
        OffsetRange[] offsets = [await Log.OffsetsAsync(Topic, 0, Stop), await Log.OffsetsAsync(Topic, 1, Stop)];

        await ReopenAsync(partitions: 2);

        Assert.AreEqual(epoch, Log.Epoch);
        CollectionAssert.AreEqual(offsets, new[] { await Log.OffsetsAsync(Topic, 0, Stop), await Log.OffsetsAsync(Topic, 1, Stop) });
        await AppendAsync(("a", Bytes("4")));
        CollectionAssert.AreEquivalent(
            new[] { "1", "2", "3", "4" }, (await ReadAsync(4, partitions: 2)).Select(record => Text(record.Value)).ToArray());
    }

    private protected async Task StartAsync(int partitions = 1) => _log = await CreateAsync(partitions);

    private protected async Task ReopenAsync(int partitions = 1)
    {
        await Log.DisposeAsync();
        _log = null;
        _log = await OpenAgainAsync(partitions);
    }

    private protected async Task AppendAsync(params (string Key, byte[] Value)[] records)
    {
        using var batch = new RecordBatch();
        foreach (var (key, value) in records) batch.Add(Bytes(key), value);
        await Log.AppendAsync(Topic, batch, Stop);
    }

    private protected Task AppendTextsAsync(params string[] values) => AppendAsync(values.Select(value => ("key", Bytes(value))).ToArray());

    /// <summary>Reads until there are this many records, in the order they came.</summary>
    private protected async Task<List<(int Partition, long Offset, byte[] Value)>> ReadAsync(int count, int partitions = 1, long from = 0)
    {
        await using var reader = Log.OpenReader(Topic, Enumerable.Range(0, partitions).ToDictionary(partition => partition, _ => from));
        var read = new List<(int, long, byte[])>();
        while (read.Count < count)
        {
            var slice = await reader.ReadAsync(1_000, Stop);
            foreach (var record in slice.Records.Span) read.Add((slice.Partition, record.Offset, record.Value.ToArray()));
        }

        return read;
    }

    private protected static Dictionary<int, long> From(params long[] offsets) =>
        offsets.Index().ToDictionary(entry => entry.Index, entry => entry.Item);

    private protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private protected static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
