using Crypto.TestSupport;
using Crypto.TradeIngest.Reference;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Reference;

[TestClass]
public sealed class ReferenceFileWatchTests : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SqliteWarehouse _warehouse;
    private readonly ReferenceFileWatch _watch;
    private DateTime _written = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public ReferenceFileWatchTests()
    {
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);
        _watch = new ReferenceFileWatch(
            Path, Interval, new ReferenceSync(_warehouse, _clock), _clock, NullLogger<ReferenceFileWatch>.Instance);
    }

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[ReferenceFile.FileName];

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task ApplyIfChangedAsync_NoFile_DoesNothing() => Assert.AreEqual(default, await ApplyAsync());

    [TestMethod]
    public async Task ApplyIfChangedAsync_FileAppearsAndChanges_IsAppliedEachTimeOnce()
    {
        Write("BTCUSDT,a,LOW");
        Assert.AreEqual(1, (await ApplyAsync()).NewChanges);
        Assert.AreEqual(default, await ApplyAsync());

        Write("BTCUSDT,b,LOW");
        Assert.AreEqual(1, (await ApplyAsync()).NewChanges);
        Assert.AreEqual(default, await ApplyAsync());
    }

    [TestMethod]
    public async Task ApplyIfChangedAsync_BadLine_IsAFaultAndTheOthersAreApplied()
    {
        Write("BTCUSDT,a,LOW\nnonsense\nETHUSDT,b,LOW\n");

        Assert.AreEqual(2, (await ApplyAsync()).NewChanges);
        Assert.StartsWith("line 3: ", _watch.Faults.Single());

        Write("BTCUSDT,a,LOW\nETHUSDT,b,LOW\n");
        await ApplyAsync();
        Assert.IsEmpty(_watch.Faults);
    }

    [TestMethod]
    public async Task ApplyIfChangedAsync_FileThatCannotBeRead_LeavesWhatWasKnownAndIsReadOnceItCan()
    {
        Write("BTCUSDT,a,LOW");
        await ApplyAsync();
        Write("BTCUSDT,b,LOW");
        using (new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.AreEqual(default, await ApplyAsync());
        }

        Assert.AreEqual(1, (await ApplyAsync()).NewChanges);
    }

    [TestMethod]
    public async Task ApplyIfChangedAsync_FileDeleted_LeavesWhatWasKnown()
    {
        Write("BTCUSDT,a,LOW");
        await ApplyAsync();

        File.Delete(Path);

        Assert.AreEqual(default, await ApplyAsync());
        Assert.HasCount(1, await _warehouse.ChangesAsync(ChangeSource.ReferenceFile, Stop));
    }

    [TestMethod]
    public async Task RunAsync_ChangesBetweenLooks_AreAppliedAtTheNextOneUntilCanceled()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = _watch.RunAsync(stopping.Token);
        for (var i = 1; i <= 3; i++)
        {
            await Until(() => _clock.ArmedTimers == 1);
            Write($"BTCUSDT,sector {i},LOW");
            _clock.Advance(Interval);
        }

        await Until(() => _clock.ArmedTimers == 1);
        Assert.HasCount(3, await _warehouse.ChangesAsync(ChangeSource.ReferenceFile, Stop));
        await stopping.CancelAsync();
        await running;
    }

    [TestMethod]
    public async Task RunAsync_ChangeLogAwayForNow_AppliesTheFileOnceItIsBack()
    {
        Write("BTCUSDT,a,LOW");
        await using var away = new AwayChangeLog(_warehouse);
        var watch = new ReferenceFileWatch(
            Path, Interval, new ReferenceSync(away, _clock), _clock, NullLogger<ReferenceFileWatch>.Instance);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = watch.RunAsync(stopping.Token);
        await Until(() => _clock.ArmedTimers == 1);
        _clock.Advance(Interval);
        await Until(() => away.Refused == 1 && _clock.ArmedTimers == 1);

        away.IsAway = false;
        _clock.Advance(Interval);
        await Until(() => _clock.ArmedTimers == 1);

        Assert.HasCount(1, await _warehouse.ChangesAsync(ChangeSource.ReferenceFile, Stop));
        await stopping.CancelAsync();
        await running;
    }

    private Task<ApplyOutcome> ApplyAsync() => _watch.ApplyIfChangedAsync(Stop);

    // Times of its own, so that two writes within one tick of the file system are told apart.
    private void Write(string text)
    {
        File.WriteAllText(Path, $"ticker,sector,risk_level\n{text}");
        File.SetLastWriteTimeUtc(Path, _written = _written.AddSeconds(1));
    }

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
