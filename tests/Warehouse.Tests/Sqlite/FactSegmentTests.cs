using System.Collections.Immutable;
using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>Facts in order of arrival, over many segments: found again by symbol and time, and stored once whoever writes.</summary>
[TestClass]
public sealed class FactSegmentTests : IAsyncDisposable
{
    private static readonly SymbolTable Symbols = new();
    private static readonly Symbol Btc = Symbols.Intern("BTCUSDT");
    private static readonly Symbol Eth = Symbols.Intern("ETHUSDT");

    private readonly TemporaryFolder _folder = new();
    private readonly BatchBuilder _builder = new();
    private SqliteWarehouse _warehouse;

    public FactSegmentTests() => _warehouse = Open();

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[SqliteWarehouse.FileName];

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task LoadAsync_ManyCommits_FillsSegmentAfterSegment()
    {
        for (var start = 1; start <= 9_000; start += 1_000)
        {
            await LoadAsync(TestTrades.Range(Btc, start, start + 999), TestTrades.Range(Eth, start, start + 999));
        }

        CollectionAssert.AreEqual(new long[] { 10_000, 8_000 }, Facts());
        AssertSound();
    }

    [TestMethod]
    public async Task LoadAsync_MoreThanASegmentHasPlaces_GoesOnInTheNext()
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 8_000));
        await LoadAsync(TestTrades.Range(Btc, 8_001, 140_000));

        CollectionAssert.AreEqual(new long[] { 130_880, 9_120 }, Facts());
        AssertSound();
    }

    [TestMethod]
    public async Task LoadAsync_AfterARestart_BeginsASegment()
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 10));
        await _warehouse.DisposeAsync();
        _warehouse = Open();
        await LoadAsync(TestTrades.Range(Btc, 5, 20));

        CollectionAssert.AreEqual(new long[] { 10, 10 }, Facts());
        AssertSound();
    }

    [TestMethod]
    public async Task ApplyAsync_ChangeWithinManySegments_RekeysTheSymbolsFactsFromItsTimeToTheNext()
    {
        await ApplyAsync(Change(1, Timestamp.Epoch, "a"), Change(2, TestTrades.TimeOf(25_000), "c"));
        for (var start = 1; start <= 30_000; start += 5_000)
        {
            // The last third came late, after what followed it.
            var from = start <= 20_000 ? start : 45_002 - start;
            await LoadAsync(TestTrades.Range(Btc, from, from + 4_999), TestTrades.Range(Eth, from, from + 4_999));
        }

        var outcome = await ApplyAsync(Change(3, TestTrades.TimeOf(7_000), "b"));

        Assert.AreEqual(18_000, outcome.FactsRekeyed);
        Assert.IsGreaterThan(5, Facts().Length);
        AssertSound();
    }

    [TestMethod]
    public async Task ApplyAsync_QuoteAssetBecomesADollar_PricesTheFactsOfAllSegments()
    {
        await ApplyAsync(Change(1, Timestamp.Epoch, "a", quote: "EUR"));
        for (var start = 1; start <= 20_000; start += 10_000) await LoadAsync(TestTrades.Range(Btc, start, start + 9_999));
        Assert.IsTrue(SqliteContents.Read(Path).Facts.All(fact => fact.Amount is null));

        await ApplyAsync(Change(2, TestTrades.TimeOf(9_000), "a", quote: "USDT"));

        Assert.AreEqual(11_001, SqliteContents.Read(Path).Facts.Count(fact => fact.Amount is not null));
        AssertSound();
    }

    [TestMethod]
    public async Task LoadAsync_AnotherWarehouseWroteTheFile_KnowsWhatItStored()
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 10));
        await using var other = Open();
        var next = _builder.Of(TestTrades.Range(Btc, 11, 20));
        await _warehouse.LoadAsync(next, Stop);
        await ApplyAsync(Change(1, TestTrades.TimeOf(15), "b"));

        Assert.AreEqual(default, await other.LoadAsync(next, Stop));
        var again = new BatchBuilder(partition: 1).Of(TestTrades.Range(Btc, 16, 25));
        Assert.AreEqual(new LoadOutcome(5, 5, 0), await other.LoadAsync(again, Stop));
        Assert.AreEqual(
            new LoadOutcome(1, 5, 0), await _warehouse.LoadAsync(new BatchBuilder(partition: 2).Of(TestTrades.Range(Btc, 21, 26)), Stop));
        AssertSound();
    }

    private static SymbolChange Change(long sequence, Timestamp validTime, string sector, string quote = "USDT") => new(
        ChangeSource.ReferenceFile, sequence, new NaturalKey(Exchange.Binance, "BTCUSDT"), ChangeOperation.Upsert, validTime, validTime,
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(SymbolAttribute.Sector, sector).Add(
            SymbolAttribute.QuoteAsset, quote));

    private SqliteWarehouse Open() => SqliteWarehouse.Open(Path, Options, new ManualTimeProvider());

    private static SqliteWarehouseOptions Options { get; } = new() { Ownership = AttributeOwnership.Shared };

    private async Task LoadAsync(params Trade[][] trades) =>
        await _warehouse.LoadAsync(_builder.Of([.. trades.SelectMany(some => some)]), Stop);

    private async Task<ApplyOutcome> ApplyAsync(params SymbolChange[] changes) => await _warehouse.ApplyAsync(changes, Stop);

    private long[] Facts()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        return [.. SqliteContents.Rows(database, "SELECT facts FROM FACT_SEGMENTS ORDER BY segment_id", row => row.GetInt64(0))];
    }

    private void AssertSound() => SqliteContents.AssertSound(Path, Options);
}
