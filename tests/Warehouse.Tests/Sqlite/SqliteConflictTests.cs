using Crypto.TestSupport;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>Two contents for one trade id are never taken for one.</summary>
[TestClass]
public sealed class SqliteConflictTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BatchBuilder _builder = new();
    private readonly SqliteWarehouse _warehouse;
    private readonly Symbol _btc;
    private readonly Symbol _eth;

    public SqliteConflictTests()
    {
        var symbols = new SymbolTable();
        (_btc, _eth) = (symbols.Intern("BTCUSDT"), symbols.Intern("ETHUSDT"));
        _warehouse = SqliteWarehouse.Open(Path, new SqliteWarehouseOptions(), new ManualTimeProvider());
    }

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[SqliteWarehouse.FileName];

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task LoadAsync_OtherContent_IsKeptAndTold()
    {
        await LoadAsync([.. TestTrades.Range(_btc, 1, 20_000), .. TestTrades.Range(_eth, 1, 10)]);

        Assert.AreEqual(new LoadOutcome(0, 2, 1), await LoadAsync(TestTrades.Of(_btc, 7), Doubled(8), TestTrades.Of(_eth, 9)));
        Assert.AreEqual(new LoadOutcome(0, 1, 0), await LoadAsync(Doubled(8)));

        var contents = SqliteContents.Read(Path);
        Assert.AreEqual(TestTrades.Of(_btc, 8).Price, contents.Facts.Single(fact => fact is { Ticker: "BTCUSDT", TradeId: 8 }).Price);
        Assert.AreEqual(
            ("BTCUSDT", 8L, "content_conflict"), (contents.Rejected[0].Ticker, contents.Rejected[0].TradeId, contents.Rejected[0].Reason));
        Assert.AreEqual("no_conflicts", Failing());
        StringAssert.Contains(Audit().Single(result => !result.Passed).Failing[0], "BTCUSDT 8: stock_trades/0 offset 20011 says otherwise");
    }

    [TestMethod]
    public async Task LoadAsync_OtherTime_IsFoundInWhicheverSegmentItLies()
    {
        // Six segments; the copy says a time of the last one.
        await LoadAsync(TestTrades.Range(_btc, 1, 50_000));

        var moved = TestTrades.Of(_btc, 8) with { TradeTime = TestTrades.TimeOf(49_000) };
        Assert.AreEqual(new LoadOutcome(0, 0, 1), await LoadAsync(moved));
    }

    [TestMethod]
    public async Task LoadAsync_Correction_TakesThePlaceOfWhatWasStored()
    {
        await LoadAsync(TestTrades.Range(_btc, 1, 30_000));
        await LoadAsync(Doubled(8));

        var correction = Doubled(8) with
        {
            Source = IngestSource.Correction,
            TradeTime = TestTrades.TimeOf(40_000),
            ReceivedTime = TestTrades.TimeOf(40_000),
        };
        Assert.AreEqual(new LoadOutcome(0, 0, 1), await LoadAsync(correction));

        var contents = SqliteContents.Read(Path);
        var fact = contents.Facts.Single(row => row.TradeId == 8);
        Assert.AreEqual((correction.Price, correction.TradeTime, IngestSource.Correction), (fact.Price, fact.TradeTime, fact.Source));
        Assert.AreEqual("content_replaced content_replaced", string.Join(' ', contents.Rejected.Select(row => row.Reason)));
        Assert.AreEqual("", Failing());
        Assert.AreEqual(new LoadOutcome(1, 1, 0), await LoadAsync(correction, TestTrades.Of(_btc, 30_001)));
        Assert.AreEqual("", Failing());
    }

    [TestMethod]
    public async Task LoadAsync_CorrectionThatConfirms_SettlesTheConflict()
    {
        await LoadAsync(TestTrades.Range(_btc, 1, 10));
        await LoadAsync(Doubled(8));
        Assert.AreEqual("no_conflicts", Failing());

        Assert.AreEqual(new LoadOutcome(0, 1, 0), await LoadAsync(TestTrades.Of(_btc, 8) with { Source = IngestSource.Correction }));

        Assert.AreEqual("", Failing());
        Assert.AreEqual(TestTrades.Of(_btc, 8).Price, SqliteContents.Read(Path).Facts.Single(row => row.TradeId == 8).Price);
    }

    [TestMethod]
    public async Task LoadAsync_CorrectionOfTradesOfTheSameBatch_Holds()
    {
        var corrections = TestTrades.Range(_btc, 1, 5).Select(
            trade => trade with { Price = Price.Parse("7"), Source = IngestSource.Correction });

        await LoadAsync([.. TestTrades.Range(_btc, 1, 10), .. corrections]);

        Assert.HasCount(5, SqliteContents.Read(Path).Facts.Where(fact => fact.Price == Price.Parse("7")));
        Assert.AreEqual("", Failing());
        await LoadAsync(TestTrades.Range(_btc, 11, 20));
        Assert.AreEqual("", Failing());
    }

    private Trade Doubled(long id) =>
        TestTrades.Of(_btc, id) is var trade ? trade with { Price = new Price(trade.Price.Scaled * 2) } : default;

    private async Task<LoadOutcome> LoadAsync(params Trade[] trades) =>
        await _warehouse.LoadAsync(_builder.Of(trades), TestContext.CancellationToken);

    private string Failing() => string.Join(' ', Audit().Where(result => !result.Passed).Select(result => result.Name));

    private IReadOnlyList<AuditResult> Audit()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        return new SqliteAudits(database, new SqliteWarehouseOptions()).Run();
    }
}
