using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>A transaction that fails midway leaves memory and tables equal, and what was committed before stays readable.</summary>
[TestClass]
public sealed class SqliteWarehouseFailureTests : IAsyncDisposable
{
    private static readonly SymbolTable Symbols = new();
    private static readonly Symbol Btc = Symbols.Intern("BTCUSDT");
    private static readonly Symbol New = Symbols.Intern("NEWUSDT");

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly BatchBuilder _builder = new();
    private readonly SqliteWarehouse _warehouse;

    public SqliteWarehouseFailureTests() => _warehouse = SqliteWarehouse.Open(Path, new SqliteWarehouseOptions(), _clock);

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[SqliteWarehouse.FileName];

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(50_000)]
    [DataRow(400_000)]
    public async Task LoadAsync_DiskFull_ChangesNothingAndTheRetrySucceeds(long room)
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 100));
        var before = SqliteContents.Read(Path);
        var batch = _builder.Of([.. TestTrades.Range(Btc, 90, 5_000), .. TestTrades.Range(New, 1, 10)]);
        using var disk = new FailingDisk(_folder.FullName);
        disk.FillAfter(room);

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(async () => await _warehouse.LoadAsync(batch, Stop));

        Assert.AreEqual(StorageFault.Full, failure.Fault);
        Assert.IsTrue(failure.IsTransient);
        Assert.Contains(Path, failure.Message);
        await AssertUnchangedAsync(before);

        disk.Repair();
        Assert.AreEqual(new LoadOutcome(4_910, 11, 0), await _warehouse.LoadAsync(batch, Stop));
        await AssertSoundAsync();
    }

    [TestMethod]
    public async Task LoadAsync_BrokenDevice_IsNotTransientAndChangesNothing()
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 100));
        var before = SqliteContents.Read(Path);
        using var disk = new FailingDisk(_folder.FullName);
        disk.Break();

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(async () => await LoadAsync(TestTrades.Range(Btc, 101, 200)));

        Assert.AreEqual(StorageFault.Failed, failure.Fault);
        Assert.IsFalse(failure.IsTransient);
        Assert.Contains("Check the disk", failure.Message);
        await AssertUnchangedAsync(before);
    }

    [TestMethod]
    [DataRow("BEFORE INSERT ON FACT_TRADES WHEN new.trade_id = 150")]
    [DataRow("BEFORE INSERT ON TRADE_GAPS")]
    [DataRow("BEFORE INSERT ON TRADE_COVERAGE")]
    [DataRow("BEFORE UPDATE ON LOG_POSITIONS")]
    [DataRow("BEFORE INSERT ON DIM_SYMBOL_VERSIONS")]
    public async Task LoadAsync_StatementFails_ChangesNothingAndTheRetrySucceeds(string trigger)
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 100));
        SqliteContents.Tamper(Path, $"CREATE TRIGGER refuse {trigger} BEGIN SELECT raise(ABORT, 'refused by the test'); END");
        var before = SqliteContents.Read(Path);
        var batch = _builder.Of([.. TestTrades.Range(Btc, 90, 160), .. TestTrades.Range(Btc, 170, 180), .. TestTrades.Range(New, 1, 3)]);

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(async () => await _warehouse.LoadAsync(batch, Stop));

        Assert.Contains("refused by the test", failure.Message);
        await AssertUnchangedAsync(before);

        SqliteContents.Tamper(Path, "DROP TRIGGER refuse");
        Assert.AreEqual(new LoadOutcome(74, 11, 0), await _warehouse.LoadAsync(batch, Stop));
        await AssertSoundAsync();
    }

    [TestMethod]
    public async Task ApplyAsync_StatementFails_ChangesNothingAndLaterTradesAreBoundAsBefore()
    {
        await LoadAsync(TestTrades.Range(Btc, 1, 10));
        SqliteContents.Tamper(
            Path, "CREATE TRIGGER refuse BEFORE UPDATE OF symbol_key ON FACT_TRADES BEGIN SELECT raise(ABORT, 'refused by the test'); END");
        var before = SqliteContents.Read(Path);
        SymbolChange[] changes = [Described(1, Timestamp.Epoch, "a"), Described(2, TestTrades.TimeOf(5), "b")];

        await Assert.ThrowsExactlyAsync<StorageException>(async () => await _warehouse.ApplyAsync(changes, Stop));

        await AssertUnchangedAsync(before);
        await LoadAsync(TestTrades.Range(Btc, 11, 20));
        Assert.HasCount(1, SqliteContents.Read(Path).Facts.Select(fact => fact.SymbolKey).Distinct());

        SqliteContents.Tamper(Path, "DROP TRIGGER refuse");
        Assert.AreEqual(16, (await _warehouse.ApplyAsync(changes, Stop)).FactsRekeyed);
        await AssertSoundAsync();
    }

    private static SymbolChange Described(long sequence, Timestamp validTime, string sector) => new(
        ChangeSource.ReferenceFile, sequence, new NaturalKey(Exchange.Binance, "BTCUSDT"), ChangeOperation.Upsert, validTime, validTime,
        System.Collections.Immutable.ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(SymbolAttribute.Sector, sector));

    private async Task LoadAsync(TradeModel.Trades.Trade[] trades) => await _warehouse.LoadAsync(_builder.Of(trades), Stop);

    /// <summary>Tables as before, and the warehouse itself says the same as they do.</summary>
    private async Task AssertUnchangedAsync(WarehouseContents before)
    {
        Assert.AreEqual(before.ToString(), SqliteContents.Read(Path).ToString());
        var positions = await _warehouse.PositionsAsync(Stop);
        CollectionAssert.AreEqual(before.Positions.Select(row => row.Next).ToArray(), positions.Values.ToArray());
        var coverage = await _warehouse.CoverageAsync(Stop);
        CollectionAssert.AreEqual(
            before.Coverage.Select(row => row.Ids).ToArray(), coverage.SelectMany(symbol => symbol.Covered).ToArray());
    }

    private async Task AssertSoundAsync()
    {
        SqliteContents.AssertSound(Path, new SqliteWarehouseOptions());

        // What it kept in memory is what a fresh reading gives.
        var positions = await _warehouse.PositionsAsync(Stop);
        CollectionAssert.AreEqual(SqliteContents.Read(Path).Positions.Select(row => row.Next).ToArray(), positions.Values.ToArray());
        Assert.AreEqual(
            new LoadOutcome(0, 10, 0), await _warehouse.LoadAsync(new BatchBuilder(partition: 9).Of(TestTrades.Range(Btc, 1, 10)), Stop));
    }
}
