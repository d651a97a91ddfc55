using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Tests.Log.Embedded;

/// <summary>What the embedded log does beyond the contract of every log.</summary>
[TestClass]
public sealed class EmbeddedTradeLogTests : IDisposable
{
    private const string Topic = "trades";

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[EmbeddedTradeLog.FileName];

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Append_Offsets_CountUpWithoutAHolePerPartition()
    {
        await using var log = Open(partitions: 3);
        for (var i = 0; i < 10; i++) await AppendAsync(log, Enumerable.Range(0, 30).Select(n => $"k{n}").ToArray());

        for (var partition = 0; partition < 3; partition++)
        {
            await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [partition] = 0 });
            var expected = 0L;
            while (reader.TryRead(7) is { } slice)
            {
                foreach (var record in slice.Records.Span) Assert.AreEqual(expected++, record.Offset);
            }

            Assert.AreEqual(expected, (await log.OffsetsAsync(Topic, partition, Stop)).Next);
        }
    }

    [TestMethod]
    public async Task Append_Keys_AreKeptBesideTheValues()
    {
        await using var log = Open();
        await AppendAsync(log, "BTCUSDT", "", "币安人生USDT");

        using var database = SqliteDatabase.OpenForReading(Path);
        using var query = database.Prepare("SELECT records FROM LOG_BATCHES");
        Assert.IsTrue(query.Step());
        var rest = query.GetBytes(0);
        var keys = new List<string>();
        while (BatchEncoding.TryTake(ref rest, out var key, out _)) keys.Add(Encoding.UTF8.GetString(key));
        CollectionAssert.AreEqual(new[] { "BTCUSDT", "", "币安人生USDT" }, keys);
        Assert.IsTrue(rest.IsEmpty);
    }

    [TestMethod]
    public async Task Read_AppendedTime_IsTheClockOfTheAppend()
    {
        await using var log = Open();
        var first = Timestamp.Now(_clock);
        await AppendAsync(log, "a");
        _clock.Advance(TimeSpan.FromSeconds(3));
        await AppendAsync(log, "b");
        await using var reader = log.OpenReader(Topic, FromStart);

        var records = reader.TryRead(10)!.Records;

        Assert.AreEqual(first, records.Span[0].AppendedTime);
        Assert.AreEqual(first + TimeSpan.FromSeconds(3), records.Span[1].AppendedTime);
    }

    [TestMethod]
    public async Task Open_DeletedAndMadeAnew_HasAnotherEpoch()
    {
        string epoch;
        await using (var log = Open()) epoch = log.Epoch;
        File.Delete(Path);

        await using var anew = Open();

        Assert.AreNotEqual(epoch, anew.Epoch);
        Assert.IsNotEmpty(anew.Epoch);
    }

    [TestMethod]
    public async Task Open_AnotherNumberOfPartitions_IsRefusedWithBothNumbers()
    {
        await using (Open(partitions: 2))
        {
            // Created with two.
        }

        var failure = Assert.ThrowsExactly<LogException>(() => Open(partitions: 3));

        Assert.Contains("has 2 partitions, configured are 3", failure.Message);
        Assert.IsTrue(failure.IsConfiguration);
        await using var log = Open(partitions: 2);
        Assert.AreEqual(2, log.Partitions);
    }

    [TestMethod]
    public async Task OpenForReading_BesideItsWriter_ReadsAndChangesNothing()
    {
        await using var writer = Open(partitions: 2);
        await AppendAsync(writer, "a", "b", "c");
        await using var reading = EmbeddedTradeLog.OpenForReading(Path, _clock, Stop);

        await AppendAsync(writer, "d");

        Assert.AreEqual((writer.Epoch, 2), (reading.Epoch, reading.Partitions));
        Assert.AreEqual(4, (await reading.OffsetsAsync(Topic, 0, Stop)).Next + (await reading.OffsetsAsync(Topic, 1, Stop)).Next);
        await using (var reader = reading.OpenReader(Topic, new Dictionary<int, long> { [0] = 0, [1] = 0 }))
        {
            Assert.AreEqual(4, reader.TryRead(10)!.Records.Length + (reader.TryRead(10)?.Records.Length ?? 0));
        }

        Assert.AreEqual(StorageFault.ReadOnly, (await Assert.ThrowsExactlyAsync<StorageException>(() => AppendAsync(reading, "e"))).Fault);
        var trimming = await Assert.ThrowsExactlyAsync<StorageException>(
            () => reading.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(MaxBytes: 0), Stop).AsTask());
        Assert.AreEqual(StorageFault.ReadOnly, trimming.Fault);
        Assert.AreEqual(4, (await writer.OffsetsAsync(Topic, 0, Stop)).Count + (await writer.OffsetsAsync(Topic, 1, Stop)).Count);
    }

    [TestMethod]
    public void OpenForReading_NoFile_CreatesNone()
    {
        Assert.AreEqual(
            StorageFault.Missing, Assert.ThrowsExactly<StorageException>(() => EmbeddedTradeLog.OpenForReading(Path, _clock, Stop)).Fault);

        Assert.IsFalse(File.Exists(Path));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(-1)]
    [DataRow(1_025)]
    public void Open_PartitionsOutOfRange_IsRefusedAndCreatesNothing(int partitions)
    {
        Assert.ThrowsExactly<LogException>(() => Open(partitions));

        Assert.IsFalse(File.Exists(Path));
    }

    [TestMethod]
    public async Task ReadAsync_AnotherProcessAppends_IsFoundByPolling()
    {
        await using var writer = Open();

        // Another instance on the same file is to the reader what another process is: it gives no signal.
        await using var other = Open();
        await using var reader = other.OpenReader(Topic, FromStart);
        var waiting = reader.ReadAsync(10, Stop).AsTask();
        Assert.AreEqual(1, _clock.ArmedTimers);

        await AppendAsync(writer, "a");
        Assert.IsFalse(waiting.IsCompleted);
        _clock.Advance(new EmbeddedTradeLogOptions().PollInterval);

        Assert.AreEqual(1, (await waiting).Records.Length);
    }

    [TestMethod]
    public async Task Append_WhileAnotherConnectionReads_IsNotHeldUp()
    {
        await using var log = Open();
        await AppendAsync(log, "a", "b");
        using var other = SqliteDatabase.OpenForReading(Path);
        using var query = other.Prepare("SELECT count(*) FROM LOG_BATCHES");
        other.Execute("BEGIN");
        Assert.AreEqual(1, query.Scalar());

        await AppendAsync(log, "c");

        Assert.AreEqual(1, query.Scalar(), "A snapshot stays what it was.");
        other.Execute("COMMIT");
        Assert.AreEqual(2, query.Scalar());
    }

    [TestMethod]
    public async Task TrimAsync_OlderThanTheAge_RemovesThose()
    {
        await using var log = Open();
        for (var day = 0; day < 10; day++)
        {
            await AppendAsync(log, "a", "b");
            _clock.Advance(TimeSpan.FromDays(1));
        }

        var first = await log.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(MaxAge: TimeSpan.FromDays(4)), Stop);

        // Appended on the days 0 to 9 and now is day 10: those of the days 6 to 9 are at most four days old.
        Assert.AreEqual(12, first);
        Assert.AreEqual(first, await FirstStoredAsync(log));
    }

    [TestMethod]
    public async Task TrimAsync_MoreBytesThanAllowed_RemovesTheOldestUntilTheRestFits()
    {
        await using var log = Open();
        for (var i = 0; i < 10; i++) await AppendAsync(log, new string('x', 1_000));

        // A row is key, value and their lengths.
        var first = await log.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(MaxBytes: 3 * 2_004), Stop);

        Assert.AreEqual(7, first);
        Assert.AreEqual(first, await FirstStoredAsync(log));

        // Again, with what came since.
        for (var i = 0; i < 4; i++) await AppendAsync(log, new string('x', 1_000));
        Assert.AreEqual(7, await log.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(MaxBytes: 7 * 2_004), Stop));
        Assert.AreEqual(12, await log.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(MaxBytes: 2 * 2_004), Stop));
        Assert.AreEqual(12, await FirstStoredAsync(log));
    }

    [TestMethod]
    public async Task TrimAsync_OnePartition_LeavesTheOthers()
    {
        await using var log = Open(partitions: 2);
        for (var i = 0; i < 5; i++) await AppendAsync(log, Enumerable.Range(0, 20).Select(n => $"k{n}").ToArray());
        var other = await log.OffsetsAsync(Topic, 1, Stop);

        await log.TrimAsync(Topic, 0, long.MaxValue, new TrimPolicy(MaxBytes: 0), Stop);

        Assert.AreEqual(0, (await log.OffsetsAsync(Topic, 0, Stop)).Count);
        Assert.AreEqual(other, await log.OffsetsAsync(Topic, 1, Stop));
    }

    [TestMethod]
    [DataRow(
        "UPDATE LOG_BATCHES SET records = CAST(replace(CAST(records AS TEXT), 'd', 'D') AS BLOB) WHERE base_offset = 2",
        DisplayName = "a changed byte")]
    [DataRow("UPDATE LOG_BATCHES SET records = substr(records, 1, length(records) - 1) WHERE base_offset = 2", DisplayName = "a lost byte")]
    [DataRow("UPDATE LOG_BATCHES SET checksum = checksum + 1 WHERE base_offset = 2", DisplayName = "a changed checksum")]
    [DataRow("UPDATE LOG_BATCHES SET record_count = 3 WHERE base_offset = 2", DisplayName = "a count too high")]
    [DataRow("DELETE FROM LOG_BATCHES WHERE base_offset = 2", DisplayName = "a lost row")]
    public async Task Read_DamagedBatch_IsRefusedEachTimeAndWhatIsBeforeItIsNot(string sql)
    {
        await using var log = Open();
        await AppendAsync(log, "a", "b");
        await AppendAsync(log, "c", "d");
        await AppendAsync(log, "e", "f");
        using (var database = SqliteDatabase.OpenForWriting(Path, isDurable: false)) database.Execute(sql);
        await using var reader = log.OpenReader(Topic, FromStart);
        Assert.AreEqual(2, reader.TryRead(2)!.Records.Length);

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var failure = Assert.ThrowsExactly<LogException>(() => reader.TryRead(2));
            Assert.Contains(Path, failure.Message);
            Assert.Contains("offset 2", failure.Message);
            Assert.Contains("Restore a backup", failure.Message);
            Assert.IsFalse(failure.IsConfiguration);
        }

        await using var later = log.OpenReader(Topic, new Dictionary<int, long> { [0] = 4 });
        Assert.AreEqual(2, later.TryRead(10)!.Records.Length);
    }

    [TestMethod]
    public async Task Read_LastBatchLost_IsRefusedInsteadOfWaitedFor()
    {
        await using var log = Open();
        await AppendAsync(log, "a", "b");
        await AppendAsync(log, "c");
        using (var database = SqliteDatabase.OpenForWriting(Path, isDurable: false))
        {
            database.Execute("DELETE FROM LOG_BATCHES WHERE base_offset = 2");
        }
        await using var reader = log.OpenReader(Topic, FromStart);
        reader.TryRead(10);

        Assert.ThrowsExactly<LogException>(() => reader.TryRead(10));
    }

    [TestMethod]
    public async Task Append_DiskFull_AppendsNothingAndTheRetrySucceeds()
    {
        await using var log = Open(partitions: 2);
        await AppendAsync(log, "a", "b", "c", "d");
        OffsetRange[] before = [await log.OffsetsAsync(Topic, 0, Stop), await log.OffsetsAsync(Topic, 1, Stop)];
        var keys = Enumerable.Range(0, 200).Select(i => $"{i}{new string('x', 1_000)}").ToArray();
        using var disk = new FailingDisk(_folder.FullName);
        disk.FillAfter(100_000);

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => AppendAsync(log, keys));

        Assert.AreEqual((StorageFault.Full, true), (failure.Fault, failure.IsTransient));
        Assert.Contains(Path, failure.Message);
        CollectionAssert.AreEqual(before, new[] { await log.OffsetsAsync(Topic, 0, Stop), await log.OffsetsAsync(Topic, 1, Stop) });
        disk.Repair();
        await AppendAsync(log, keys);
        Assert.AreEqual(204, (await log.OffsetsAsync(Topic, 0, Stop)).Next + (await log.OffsetsAsync(Topic, 1, Stop)).Next);
        await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [0] = 0, [1] = 0 });
        Assert.AreEqual(204, reader.TryRead(1_000)!.Records.Length + reader.TryRead(1_000)!.Records.Length);
    }

    [TestMethod]
    public async Task Append_LargeBatchAfterSmallOnes_KeepsTheRecordsHandedOutInOneSlice()
    {
        // The reader's buffer grows in the middle of a slice.
        await using var log = Open();
        await AppendAsync(log, "first");
        await AppendAsync(log, Enumerable.Range(0, 500).Select(i => $"{i:000}{new string('y', 997)}").ToArray());
        await using var reader = log.OpenReader(Topic, FromStart);

        var records = reader.TryRead(1_000)!.Records.ToArray();

        Assert.AreEqual("first", Encoding.UTF8.GetString(records[0].Value.Span));
        for (var i = 0; i < 500; i++) Assert.AreEqual($"{i:000}", Encoding.UTF8.GetString(records[i + 1].Value.Span[..3]));
    }

    private static Dictionary<int, long> FromStart { get; } = new() { [0] = 0 };

    private EmbeddedTradeLog Open(int partitions = 1) =>
        EmbeddedTradeLog.Open(Path, new EmbeddedTradeLogOptions { Partitions = partitions }, _clock);

    /// <summary>Appends one batch of records whose values are their keys.</summary>
    private async Task AppendAsync(EmbeddedTradeLog log, params string[] keys)
    {
        using var batch = new RecordBatch();
        foreach (var key in keys) batch.Add(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(key));
        await log.AppendAsync(Topic, batch, Stop);
    }

    private async Task<long> FirstStoredAsync(EmbeddedTradeLog log)
    {
        await using var reader = log.OpenReader(Topic, new Dictionary<int, long> { [0] = (await log.OffsetsAsync(Topic, 0, Stop)).First });
        return reader.TryRead(1)!.Records.Span[0].Offset;
    }
}
