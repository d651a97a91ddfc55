using Crypto.TestSupport;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Reference.ChangeDataCapture;

[TestClass]
public sealed class ChangeEventFileTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SqliteWarehouse _warehouse;
    private readonly ChangeEventFile _events;

    public ChangeEventFileTests()
    {
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);
        _events = Open();
    }

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder["events.jsonl"];

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task ApplyNew_AppendedLines_AreAppliedOnce()
    {
        await File.WriteAllTextAsync(Path, Event(1, "a") + "\n");
        Assert.AreEqual(1, await ApplyAsync(_events));
        Assert.AreEqual(0, await ApplyAsync(_events));

        await File.AppendAllTextAsync(Path, Event(2, "b") + "\n" + Event(3, "c") + "\n");

        Assert.AreEqual(2, await ApplyAsync(_events));
        Assert.AreEqual(0, await ApplyAsync(Open()), "another process reads the file from its start and finds nothing new");
    }

    [TestMethod]
    public async Task ApplyNew_HalfWrittenLine_WaitsForItsRest()
    {
        var text = Event(1, "a");
        await File.WriteAllTextAsync(Path, text[..40]);
        Assert.AreEqual(0, await ApplyAsync(_events));
        Assert.IsNotNull(_events.Unfinished);

        await File.AppendAllTextAsync(Path, text[40..]);

        Assert.AreEqual(1, await ApplyAsync(_events));
        Assert.IsNull(_events.Unfinished);
        Assert.IsEmpty(_events.Faults);
    }

    [TestMethod]
    public async Task ApplyNew_BadLine_IsNamedAndTheOthersCount()
    {
        await File.WriteAllTextAsync(Path, Event(1, "a") + "\n\nnonsense\n" + Event(2, "b") + "\n");

        Assert.AreEqual(2, await ApplyAsync(_events));

        StringAssert.StartsWith(_events.Faults.Single(), "line 3:");
    }

    [TestMethod]
    public async Task ApplyNew_ShorterFile_IsReadFromItsStart()
    {
        await File.WriteAllTextAsync(Path, Event(1, "a") + "\n" + Event(2, "b") + "\n");
        await ApplyAsync(_events);

        await File.WriteAllTextAsync(Path, Event(3, "c") + "\n");

        Assert.AreEqual(1, await ApplyAsync(_events));
    }

    [TestMethod]
    public async Task ApplyNew_NoFile_IsNothing() => Assert.AreEqual(0, await ApplyAsync(_events));

    private ChangeEventFile Open() => new(Path, _warehouse, _clock, NullLogger<ChangeEventFile>.Instance);

    private async Task<int> ApplyAsync(ChangeEventFile events) => (await events.ApplyNewAsync(TestContext.CancellationToken)).NewChanges;

    private static string Event(int lsn, string sector) =>
        $$$"""{"before":null,"after":{"ticker":"A","sector":"{{{sector}}}"},"source":{"ts_ms":{{{lsn}}}000,"lsn":{{{lsn}}}},"op":"u"}""";
}
