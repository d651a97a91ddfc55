using Crypto.TestSupport;
using Crypto.TradeIngest.Backfill;

namespace Crypto.TradeIngest.Tests.Backfill;

[TestClass]
public sealed class BackfillFolderTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly BackfillFolder _folder;

    public BackfillFolderTests() => _folder = new BackfillFolder(_temporary["backfill"]);

    public void Dispose() => _temporary.Dispose();

    [TestMethod]
    public void Submit_EachKind_IsReadAsItWas()
    {
        BackfillRequest[] requests =
        [
            new(),
            new() { Symbol = "BTCUSDT", FromId = 1, ToId = 2 },
            new() { Symbol = "币安人生USDT", FromTime = 1, ToTime = 2 },
            new() { Symbol = "BTCUSDT", FirstDate = new(2026, 2, 3), LastDate = new(2026, 2, 4), ArchiveAddress = "https://archive" },
        ];
        foreach (var request in requests)
        {
            var id = _folder.Submit(request, _clock);
            Assert.IsTrue(_folder.TryRead(id, out var read, out _));
            Assert.AreEqual(request, read);
        }

        Assert.IsTrue(_folder.TryRead(_folder.Submit(new() { Files = ["/a b.zip"] }, _clock), out var files, out _));
        Assert.AreEqual("/a b.zip", files.Files!.Single());
    }

    [TestMethod]
    public void Pending_SeveralRequests_AreInTheirOrderUntilRemoved()
    {
        Assert.IsEmpty(_folder.Pending());
        var first = _folder.Submit(new(), _clock);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var second = _folder.Submit(new(), _clock);
        _folder.Write(first, BackfillReport.Waiting);

        CollectionAssert.AreEqual(new[] { first, second }, _folder.Pending().ToArray());
        Assert.IsTrue(_folder.Remove(first));
        Assert.IsFalse(_folder.Remove(first));
        CollectionAssert.AreEqual(new[] { second }, _folder.Pending().ToArray());
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("{\"version\":1,\"from_id\":\"x\"}")]
    [DataRow("{\"version\":1,\"unknown\":1}")]
    [DataRow("{\"version\":1")]
    public void TryRead_NoRequest_SaysWhy(string text)
    {
        Directory.CreateDirectory(_folder.Path);
        File.WriteAllText(Path.Combine(_folder.Path, "x.json"), text);

        Assert.IsFalse(_folder.TryRead("x", out _, out var fault));
        Assert.AreNotEqual("", fault);
    }

    [TestMethod]
    public void Write_Report_IsReadAsItWas()
    {
        Directory.CreateDirectory(_folder.Path);
        var report = BackfillReport.Waiting with
        {
            State = BackfillState.Done,
            MissingDays = [new(2026, 2, 3)],
            Absent = 3,
            Fraction = 0.5,
        };

        _folder.Write("x", report);

        var read = _folder.Read("x")!;
        Assert.AreEqual((BackfillState.Done, 3, 0.5), (read.State, read.Absent, read.Fraction));
        Assert.AreEqual(new DateOnly(2026, 2, 3), read.MissingDays.Single());
        Assert.IsNull(_folder.Read("y"));
    }

    [TestMethod]
    public void Sweep_WhatWasLeftBehind_GoesAfterADayAndRequestsStay()
    {
        var id = _folder.Submit(new(), _clock);
        _folder.Write(id, BackfillReport.Waiting);
        _folder.Write("gone", BackfillReport.Waiting);
        var downloads = Directory.CreateDirectory(Path.Combine(_folder.Path, "downloads-1"));
        var now = new ManualTimeProvider(TimeProvider.System.GetUtcNow());

        _folder.Sweep(now);
        Assert.IsNotNull(_folder.Read("gone"));

        now.Advance(TimeSpan.FromDays(2));
        _folder.Sweep(now);

        Assert.IsNull(_folder.Read("gone"));
        Assert.IsFalse(Directory.Exists(downloads.FullName));
        Assert.IsNotNull(_folder.Read(id));
        Assert.IsTrue(_folder.Has(id));
    }
}
