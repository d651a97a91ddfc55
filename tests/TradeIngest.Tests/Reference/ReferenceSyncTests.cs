using System.Collections.Immutable;
using Crypto.TestSupport;
using Crypto.TradeIngest.Reference;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using FsCheck.Fluent;

namespace Crypto.TradeIngest.Tests.Reference;

[TestClass]
public sealed class ReferenceSyncTests : IAsyncDisposable
{
    private static readonly string Start = "1970-01-01T00:00:00.000000Z";

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SqliteWarehouse _warehouse;
    private readonly ReferenceSync _sync;

    public ReferenceSyncTests()
    {
        _warehouse = SqliteWarehouse.Open(Path, new SqliteWarehouseOptions(), _clock);
        _sync = new ReferenceSync(_warehouse, _clock);
    }

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[SqliteWarehouse.FileName];

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task SyncAsync_FirstStatement_HoldsFromTheEpoch()
    {
        var outcome = await SyncAsync("BTCUSDT,a,LOW", "ETHUSDT,b,");

        Assert.AreEqual((2, 2, 2), (outcome.NewChanges, outcome.NewSymbols, outcome.VersionsWritten));
        Assert.AreEqual($"{Start} a LOW", History("BTCUSDT"));
        Assert.AreEqual($"{Start} b none", History("ETHUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_ManyDatedLinesOfOneSymbol_GoesThroughThemOnce()
    {
        // A hundred thousand lines, each looked at with all before it, would take longer than anybody waits.
        var day = DateTimeOffset.UnixEpoch.AddYears(40);
        var lines = Enumerable.Range(0, 100_000).Select(
            i => $"BTCUSDT,{i},LOW,{day.AddMinutes(i):yyyy-MM-ddTHH:mm:ssZ}").Append("BTCUSDT,first,LOW,").ToArray();

        var outcome = await Task.Run(() => SyncAsync(lines)).WaitAsync(Patience.Limit, TimeProvider.System, TestContext.CancellationToken);

        Assert.AreEqual(100_001, outcome.NewChanges);
        Assert.AreEqual(default, await SyncAsync(lines));
    }

    [TestMethod]
    public async Task SyncAsync_NothingNew_SaysNothing()
    {
        await SyncAsync("BTCUSDT,a,LOW", "ETHUSDT,,", "SOLUSDT,c,HIGH,2026-03-01T00:00:00Z");
        _clock.Advance(TimeSpan.FromDays(1));

        Assert.AreEqual(default, await SyncAsync("BTCUSDT,a,LOW", "ETHUSDT,,", "SOLUSDT,c,HIGH,2026-03-01T00:00:00Z"));
    }

    [TestMethod]
    public async Task SyncAsync_LaterStatement_HoldsFromNowOnAndNamesOnlyWhatDiffers()
    {
        await SyncAsync("BTCUSDT,a,LOW", "ETHUSDT,b,LOW");
        _clock.Advance(TimeSpan.FromDays(1));

        var outcome = await SyncAsync("BTCUSDT,a,HIGH", "ETHUSDT,b,LOW");

        Assert.AreEqual(1, outcome.NewChanges);
        Assert.AreEqual($"{Start} a LOW, 2026-02-04T00:00:00.000000Z a HIGH", History("BTCUSDT"));
        var said = await _warehouse.ChangesAsync(ChangeSource.ReferenceFile, TestContext.CancellationToken);
        Assert.AreEqual(SymbolAttribute.RiskLevel, said[^1].Attributes.Single().Key);
        CollectionAssert.AllItemsAreUnique(said.Select(change => change.Sequence).ToArray());
    }

    [TestMethod]
    public async Task SyncAsync_ValueTakenAway_IsAVersionWithoutIt()
    {
        await SyncAsync("BTCUSDT,a,LOW");
        _clock.Advance(TimeSpan.FromDays(1));

        await SyncAsync("BTCUSDT,,LOW");

        Assert.AreEqual($"{Start} a LOW, 2026-02-04T00:00:00.000000Z none LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_BackAndForth_IsEachTimeANewVersion()
    {
        foreach (var sector in new[] { "a", "b", "a" })
        {
            await SyncAsync($"BTCUSDT,{sector},LOW");
            _clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.AreEqual($"{Start} a LOW, 2026-02-04T00:00:00.000000Z b LOW, 2026-02-05T00:00:00.000000Z a LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_LineDropped_LeavesWhatWasKnown()
    {
        await SyncAsync("BTCUSDT,a,LOW", "ETHUSDT,b,LOW");

        Assert.AreEqual(default, await SyncAsync("BTCUSDT,a,LOW"));

        Assert.AreEqual($"{Start} b LOW", History("ETHUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_ExplicitTime_HoldsFromThen()
    {
        await SyncAsync("BTCUSDT,a,LOW");

        await SyncAsync("BTCUSDT,b,LOW,2025-06-01T00:00:00Z");

        Assert.AreEqual($"{Start} a LOW, 2025-06-01T00:00:00.000000Z b LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_HistoryInTheFile_IsTakenOverWholeAndReadAgainSaysNothing()
    {
        string[] file =
        [
            "BTCUSDT,a,LOW",
            "BTCUSDT,c,LOW,2026-01-01T00:00:00Z",
            "BTCUSDT,b,LOW,2025-06-01T00:00:00Z",
            "BTCUSDT,b,HIGH,2025-09-01T00:00:00Z",
        ];
        await SyncAsync(file);
        var expected = $"{Start} a LOW, 2025-06-01T00:00:00.000000Z b LOW, 2025-09-01T00:00:00.000000Z b HIGH, "
            + "2026-01-01T00:00:00.000000Z c LOW";
        Assert.AreEqual(expected, History("BTCUSDT"));

        for (var i = 0; i < 3; i++)
        {
            _clock.Advance(TimeSpan.FromDays(1));
            Assert.AreEqual(default, await SyncAsync(file));
        }

        Assert.AreEqual(expected, History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_DatedLineAddedBelow_LeavesTheOneAboveAsItIs()
    {
        await SyncAsync("BTCUSDT,a,LOW");
        _clock.Advance(TimeSpan.FromDays(1));
        await SyncAsync("BTCUSDT,b,LOW");
        _clock.Advance(TimeSpan.FromDays(1));
        string[] file = ["BTCUSDT,b,LOW", "BTCUSDT,c,LOW,2026-03-01T00:00:00Z"];

        Assert.AreEqual(1, (await SyncAsync(file)).NewChanges);
        _clock.Advance(TimeSpan.FromDays(60));
        Assert.AreEqual(default, await SyncAsync(file));

        Assert.AreEqual($"{Start} a LOW, 2026-02-04T00:00:00.000000Z b LOW, 2026-03-01T00:00:00.000000Z c LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_TimeCorrectedToEarlier_HoldsFromTheEarlierOne()
    {
        await SyncAsync("BTCUSDT,a,LOW", "BTCUSDT,b,LOW,2026-01-01T00:00:00Z");

        await SyncAsync("BTCUSDT,a,LOW", "BTCUSDT,b,LOW,2025-12-01T00:00:00Z");

        Assert.AreEqual($"{Start} a LOW, 2025-12-01T00:00:00.000000Z b LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_ValueCorrectedAtTheSameTime_ReplacesIt()
    {
        await SyncAsync("BTCUSDT,a,LOW", "BTCUSDT,b,LOW,2026-01-01T00:00:00Z");

        await SyncAsync("BTCUSDT,a,LOW", "BTCUSDT,c,LOW,2026-01-01T00:00:00Z");

        Assert.AreEqual($"{Start} a LOW, 2026-01-01T00:00:00.000000Z c LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_AnotherSource_IsComparedWithWhatItSaidItself()
    {
        await SyncAsync("BTCUSDT,a,LOW");
        var statement = new SymbolAssertion(
            new NaturalKey("BINANCE", "BTCUSDT"),
            ImmutableSortedDictionary<SymbolAttribute, string?>.Empty
                .Add(SymbolAttribute.QuoteAsset, "USDT")
                .Add(SymbolAttribute.Status, "TRADING"));

        var outcome = await _sync.SyncAsync(ChangeSource.ExchangeInfo, [statement], TestContext.CancellationToken);

        Assert.AreEqual(1, outcome.NewChanges);
        Assert.AreEqual(default, await _sync.SyncAsync(ChangeSource.ExchangeInfo, [statement], TestContext.CancellationToken));
        Assert.AreEqual($"{Start} a LOW", History("BTCUSDT"));
    }

    [TestMethod]
    public async Task SyncAsync_AnyFilesOneAfterTheOther_EachHoldsAtItsTimesAndReadAgainSaysNothing()
    {
        var line =
            from month in Gen.Choose(0, 6)
            from sector in Gen.Elements("a", "b", "")
            from risk in Gen.Elements("LOW", "HIGH")
            select (Month: month, Text: $"{sector},{risk},{(month == 0 ? "" : $"2026-0{month}-01T00:00:00Z")}");
        var file = line.NonEmptyListOf().Select(lines => lines.DistinctBy(entry => entry.Month).ToArray());
        var ticker = 0;
        foreach (var files in Gen.Sample(file.ListOf(4), 40))
        {
            ticker++;
            foreach (var lines in files)
            {
                var text = lines.Select(entry => $"T{ticker},{entry.Text}").ToArray();
                await SyncAsync(text);
                _clock.Advance(TimeSpan.FromHours(1));

                Assert.AreEqual(default, await SyncAsync(text), string.Join('\n', text));
                foreach (var statement in Parse(text).Where(statement => statement.ValidFrom is not null))
                {
                    var version = Versions($"T{ticker}").Last(version => version.ValidFrom <= statement.ValidFrom);
                    foreach (var (attribute, value) in statement.Attributes)
                    {
                        Assert.AreEqual(value, version[attribute], string.Join('\n', text));
                    }
                }
            }
        }
    }

    private Task<ApplyOutcome> SyncAsync(params string[] lines) =>
        _sync.SyncAsync(ChangeSource.ReferenceFile, Parse(lines), TestContext.CancellationToken);

    private static IReadOnlyList<SymbolAssertion> Parse(string[] lines)
    {
        var whole = lines.Select(line => line.Count(letter => letter == ',') == 3 ? line : line + ",");
        var (statements, faults) = ReferenceFile.Parse(["ticker,sector,risk_level,valid_from", .. whole]);
        Assert.IsEmpty(faults);
        return statements;
    }

    private SymbolVersion[] Versions(string ticker)
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        return [.. SqliteReads.CurrentVersions(database).Where(version => version.Key.Ticker == ticker)];
    }

    private string History(string ticker) => string.Join(
        ", ",
        Versions(ticker).Select(version =>
            $"{version.ValidFrom} {version[SymbolAttribute.Sector] ?? "none"} {version[SymbolAttribute.RiskLevel] ?? "none"}"));
}
