using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>Warehouses as released versions wrote them are opened by this one: nothing is lost, and they are as if written today.</summary>
[TestClass]
public sealed class ReleasedFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly Symbol _btc;
    private readonly Symbol _eth;

    public ReleasedFormatTests()
    {
        var symbols = new SymbolTable();
        (_btc, _eth) = (symbols.Intern("BTCUSDT"), symbols.Intern("ETHUSDT"));
    }

    public TestContext TestContext { get; set; } = null!;

    private string Now => _folder["now.db"];

    private string Then => _folder["then.db"];

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(ReleasedFormat.BySymbolAndId)]
    [DataRow(ReleasedFormat.SegmentsMisnumbered)]
    public async Task Open_WithHolesRejectionsAndTwoSymbols_HoldsWhatItHeld(ReleasedFormat format)
    {
        await LoadAsync(
            Now,
            [
                .. TestTrades.Range(_btc, 100, 9_000), .. TestTrades.Range(_eth, 1, 5_000), .. TestTrades.Range(_btc, 9_010, 9_020),
                TestTrades.Of(_btc, 9_021) with { Price = default },
                TestTrades.Of(_btc, 9_022) with { Price = default, Source = IngestSource.Backfill },
                TestTrades.Of(_btc, 9_023) with { ReceivedTime = default },
                TestTrades.Of(_btc, 9_024),
            ]);
        Released.Write(Then, Now, format);

        await using (var warehouse = SqliteWarehouse.Open(Then, new SqliteWarehouseOptions(), _clock))
        {
            Assert.AreEqual(SqliteContents.Read(Now).ToString(), SqliteContents.Read(Then).ToString());
            var further = new BatchBuilder(firstOffset: 13_916).Of(TestTrades.Range(_btc, 9_000, 9_030));
            Assert.AreEqual(new LoadOutcome(18, 13, 0), await warehouse.LoadAsync(further, TestContext.CancellationToken));
        }

        SqliteContents.AssertSound(Then, new SqliteWarehouseOptions());
        Assert.AreEqual("1 2 3", Segments());
    }

    [TestMethod]
    [DataRow(ReleasedFormat.BySymbolAndId, 530_000)]
    [DataRow(ReleasedFormat.SegmentsMisnumbered, 500_000)]
    public async Task Open_ManySegments_AllAreThereAndInOrder(ReleasedFormat format, int trades)
    {
        await LoadAsync(Now, TestTrades.Range(_btc, 1, trades));
        Released.Write(Then, Now, format);

        await SqliteWarehouse.Open(Then, new SqliteWarehouseOptions(), _clock).DisposeAsync();

        SqliteContents.AssertSound(Then, new SqliteWarehouseOptions());
        Assert.AreEqual(string.Join(' ', Enumerable.Range(1, (trades + 8191) / 8192)), Segments());
        using var database = SqliteDatabase.OpenForReading(Then);
        using var count = database.Prepare("SELECT count(*) FROM CONSUMPTION_TRADES");
        Assert.AreEqual(trades, count.Scalar());
    }

    [TestMethod]
    public async Task Open_GapsOpenOrClosed_AreOpenOrFilled()
    {
        await using (var warehouse = SqliteWarehouse.Open(Then, new SqliteWarehouseOptions(), _clock))
        {
            var builder = new BatchBuilder();
            await warehouse.LoadAsync(
                builder.Of(TestTrades.Of(_btc, 1), TestTrades.Of(_btc, 5), TestTrades.Of(_btc, 9)), TestContext.CancellationToken);
            await warehouse.LoadAsync(builder.Of(TestTrades.Range(_btc, 2, 4)), TestContext.CancellationToken);
        }

        Released.Lower(Then);
        await SqliteWarehouse.Open(Then, new SqliteWarehouseOptions(), _clock).DisposeAsync();

        using var database = SqliteDatabase.OpenForReading(Then);
        Assert.AreEqual(
            "[2, 4] FILLED, [6, 8] OPEN",
            string.Join(", ", SqliteContents.Rows(
                database, "SELECT from_id, to_id, state FROM TRADE_GAPS ORDER BY from_id",
                row => $"[{row.GetInt64(0)}, {row.GetInt64(1)}] {row.GetText(2)}")));
        SqliteContents.AssertSound(Then, new SqliteWarehouseOptions());
    }

    [TestMethod]
    public async Task Open_CanceledOnTheWay_LeavesTheFileAsItWas()
    {
        await LoadAsync(Now, TestTrades.Range(_btc, 1, 100_000));
        Released.Write(Then, Now, ReleasedFormat.BySymbolAndId);
        using var canceling = new CancellationTokenSource();
        var reports = new List<MigrationProgress>();
        var progress = new Reports(report =>
        {
            reports.Add(report);
            canceling.Cancel();
        });
        var clock = new RushingClock();

        Assert.ThrowsExactly<OperationCanceledException>(
            () => SqliteWarehouse.Open(Then, new SqliteWarehouseOptions(), clock, progress, canceling.Token));

        Assert.HasCount(1, reports);
        StringAssert.Contains(reports[0].ToString(), "V0002__facts_in_order_of_arrival.sql");
        using (var database = SqliteDatabase.OpenForReading(Then))
        {
            using var scripts = database.Prepare("SELECT count(*) FROM SCHEMA_HISTORY");
            Assert.AreEqual(1, scripts.Scalar());
        }

        await SqliteWarehouse.Open(Then, new SqliteWarehouseOptions(), clock).DisposeAsync();
        SqliteContents.AssertSound(Then, new SqliteWarehouseOptions());
    }

    private async Task LoadAsync(string path, Trade[] trades)
    {
        await using var warehouse = SqliteWarehouse.Open(path, new SqliteWarehouseOptions(), _clock);
        var builder = new BatchBuilder();
        foreach (var part in trades.Chunk(50_000)) await warehouse.LoadAsync(builder.Of(part), TestContext.CancellationToken);
    }

    private string Segments()
    {
        using var database = SqliteDatabase.OpenForReading(Then);
        return string.Join(
            ' ', SqliteContents.Rows(database, "SELECT segment_id FROM FACT_SEGMENTS ORDER BY segment_id", row => row.GetInt64(0)));
    }

    /// <summary>Each look at it is a second later.</summary>
    private sealed class RushingClock : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => ++_seconds;
    }

    private sealed class Reports(Action<MigrationProgress> report) : IProgress<MigrationProgress>
    {
        public void Report(MigrationProgress value) => report(value);
    }
}
