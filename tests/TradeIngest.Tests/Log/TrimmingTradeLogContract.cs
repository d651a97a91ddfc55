using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log;

/// <summary>What a log must do besides that removes its own old records. Kafka leaves them to its retention.</summary>
public abstract class TrimmingTradeLogContract : TradeLogContract
{
    [TestMethod]
    public async Task TrimAsync_EverythingIsOld_KeepsWhatIsNotReadYet()
    {
        await StartAsync();
        for (var i = 0; i < 6; i++) await AppendTextsAsync($"{i}a", $"{i}b", $"{i}c");
        var all = await ReadAsync(18);
        var unread = all[10].Offset;
        Clock.Advance(TimeSpan.FromDays(30));

        var first = await Log.TrimAsync(Topic, 0, unread, new TrimPolicy(MaxBytes: 0, MaxAge: TimeSpan.Zero), Stop);

        Assert.IsLessThanOrEqualTo(unread, first);
        Assert.IsGreaterThan(0, first);
        Assert.AreEqual(new OffsetRange(first, all[^1].Offset + 1), await Log.OffsetsAsync(Topic, 0, Stop));
        Assert.AreEqual("3b", Text((await ReadAsync(1, from: unread))[0].Value));
    }

    [TestMethod]
    public async Task Read_TrimmedOffset_IsRefusedEachTimeWithTheWayOut()
    {
        await StartAsync();
        for (var i = 0; i < 3; i++) await AppendTextsAsync($"{i}");
        Clock.Advance(TimeSpan.FromDays(30));
        var first = await Log.TrimAsync(Topic, 0, 2, new TrimPolicy(MaxBytes: 0, MaxAge: TimeSpan.Zero), Stop);
        await using var reader = Log.OpenReader(Topic, From(first - 1));

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var failure = Assert.ThrowsExactly<LogException>(() => reader.TryRead(10));
            Assert.Contains($"offset {first - 1}", failure.Message);
            Assert.Contains("trimmed", failure.Message);
            Assert.Contains($"{first}", failure.Message);
        }
    }

    [TestMethod]
    public async Task Reopen_AfterEverythingWasTrimmed_GoesOnWithTheNextOffset()
    {
        await StartAsync();
        await AppendTextsAsync("0", "1", "2");
        Clock.Advance(TimeSpan.FromDays(30));
        await Log.TrimAsync(Topic, 0, 3, new TrimPolicy(MaxBytes: 0, MaxAge: TimeSpan.Zero), Stop);
        await ReopenAsync();

        await AppendTextsAsync("3");

        Assert.AreEqual(4, (await Log.OffsetsAsync(Topic, 0, Stop)).Next);
        Assert.AreEqual((3, "3"), ((await ReadAsync(1, from: 3))[0].Offset, Text((await ReadAsync(1, from: 3))[0].Value)));
    }
}
