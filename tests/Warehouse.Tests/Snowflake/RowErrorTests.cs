using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>Rows that the tables refuse when they are streamed.</summary>
[TestClass]
public sealed class RowErrorTests
{
    private static readonly Symbol Btc = new SymbolTable().Intern("BTCUSDT");

    private readonly BatchBuilder _log = new();
    private TestAccount _account = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    private EmulatedSnowflake Server => _account.Server;

    [TestInitialize]
    public async Task StartAsync()
    {
        _account = await TestAccount.StartAsync();
        await _account.MigrateAsync(Stop);
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        await _account.DisposeAsync();
        Assert.IsEmpty(Server.Untranslated);
    }

    [TestMethod]
    public async Task LoadAsync_RowsRefused_AreAddedBySqlAndTold()
    {
        await using var warehouse = await OpenAsync();
        await warehouse.LoadAsync(Trades(1, 10), Stop);

        // The first row of one table and the last of the other; then again.
        for (var load = 0; load < 2; load++)
        {
            Server.Faults.Next(Fault.RowError, 2);
            await warehouse.LoadAsync(Trades(11 + (load * 10), 20 + (load * 10)), Stop);
        }

        AssertStored(30);
        Assert.AreEqual(4, warehouse.RestoredRows);
        Assert.AreEqual(4, Server.Faults.Count(Fault.RowError));
        Assert.HasCount(4, Told(NoticeKind.RowsRestored));
    }

    [TestMethod]
    public async Task LoadAsync_KilledBetweenTheErrorAndTheRepair_TheNextRepairs()
    {
        await using (var warehouse = await OpenAsync()) await warehouse.LoadAsync(Trades(1, 10), Stop);
        var batch = Trades(11, 20);
        Server.Channels.HoldsCommits = true;
        Server.Faults.Next(Fault.RowError, 2);
        await KillWhileLoadingAsync(batch, appends: 2);
        Server.Channels.HoldsCommits = false;

        await using var next = await OpenAsync();
        Assert.AreEqual(10, (await next.PositionsAsync(Stop)).Values.Single());
        await next.LoadAsync(batch, Stop);

        AssertStored(20);
        Assert.AreEqual(2, next.RestoredRows);
    }

    [TestMethod]
    public async Task LoadAsync_EveryRowRefused_StopsUntilTheLimitIsRaised()
    {
        var batch = Trades(1, 30);
        await using (var warehouse = await OpenAsync(repairLimit: 20))
        {
            Server.Faults.Next(Fault.AllRowsError, 2);
            var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(async () => await warehouse.LoadAsync(batch, Stop));

            Assert.IsFalse(failure.IsTransient);
            Assert.Contains("30 rows of", failure.Message);
            Assert.Contains("ERROR_TABLE(", failure.Message);
            Assert.Contains("Snowflake:RepairLimit", failure.Message);
        }

        await using (var again = await OpenAsync(repairLimit: 20))
        {
            Assert.IsFalse(
                (await Assert.ThrowsExactlyAsync<WarehouseException>(async () => await again.LoadAsync(batch, Stop))).IsTransient);
            Assert.IsEmpty(SnowflakeContents.Read(Server.Database).Positions);
        }

        await using var raised = await OpenAsync(repairLimit: 30);
        await raised.LoadAsync(batch, Stop);
        AssertStored(30);
    }

    [TestMethod]
    public async Task LoadAsync_RowThatSqlRefusesToo_StopsAndNamesIt()
    {
        Server.Database.Read(
            "CREATE TRIGGER REFUSING BEFORE INSERT ON FACT_TRADES WHEN NEW.TRADE_ID = 7 BEGIN SELECT RAISE(ABORT, 'seven is refused'); "
                + "END");
        await using var warehouse = await OpenAsync();
        Server.Faults.Next(Fault.RowError, 2);

        var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(async () => await warehouse.LoadAsync(Trades(1, 10), Stop));

        Assert.IsFalse(failure.IsTransient);
        Assert.Contains("FACT_TRADES", failure.Message);
        Assert.Contains("stock_trades/0 offset 6", failure.Message);
        Assert.Contains("seven is refused", failure.Message);
        var contents = SnowflakeContents.Read(Server.Database);
        Assert.HasCount(10, contents.Raw);
        Assert.IsFalse(contents.Facts.Any(fact => fact.TradeId == 7));
        Assert.IsEmpty(contents.Positions);
    }

    [TestMethod]
    public async Task LoadAsync_ErrorCountedAgainstRowsOfAnotherOwner_ReadsAgainFromTheCheckpoint()
    {
        await using var left = await OpenAsync();
        await left.LoadAsync(Trades(1, 10), Stop);

        // Somebody else's rows, in the same channel, behind its back.
        Server.Channels.HoldsCommits = true;
        var batch = Trades(11, 20);
        Server.Faults.Next(Fault.RowError, 2);
        await KillWhileLoadingAsync(batch, appends: 2);
        Server.Channels.HoldsCommits = false;

        await left.LoadAsync(batch, Stop);

        AssertStored(20);
    }

    [TestMethod]
    public async Task AppendAsync_MoreErrorsThanRowsMissing_EndsTheChannelForNow()
    {
        Server.Database.Execute("CREATE TABLE EVENTS (ID NUMBER(38,0) NOT NULL)");
        await using var client = _account.NewClient();
        await using var channel = await client.OpenChannelAsync(
            new ChannelAddress(PipeAddress.OfTable("STREAMING_DB", "PUBLIC", "EVENTS"), "EVENTS_P0"),
            new OpenOptions { RestoreMissing = (_, _) => Task.FromResult(0) }, Stop);
        using var rows = new RowBatch();
        var row = rows.BeginRow(0);
        row.Number("ID"u8, 1);
        row.End();
        Server.Faults.Next(Fault.RowError);
        await channel.AppendAsync(rows, Stop);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.FlushAsync(Stop));

        Assert.IsTrue(failure.IsTransient, "Whoever reads the log again looks for the rows of before.");
        Assert.IsNull(channel.CommittedOffset);
        await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(rows, Stop));
    }

    private WarehouseBatch Trades(long from, long to) => _log.Of(TestTrades.Range(Btc, from, to));

    private Task<SnowflakeWarehouse> OpenAsync(long repairLimit = 1000) => SnowflakeWarehouse.OpenAsync(
        _account.NewSql(), _account.NewClient(), _account.NewKeys(),
        new SnowflakeWarehouseOptions { CheckpointInterval = TimeSpan.Zero, RepairLimit = repairLimit }, _account.Clock, Stop);

    /// <summary>A process that ends once so many appends were accepted, and tidies nothing up.</summary>
    private async Task KillWhileLoadingAsync(WarehouseBatch batch, int appends)
    {
        using var death = new CancellationTokenSource();
        await using var client = _account.NewClient();
        var warehouse = await SnowflakeWarehouse.OpenAsync(
            _account.NewSql(), client, _account.NewKeys(), new SnowflakeWarehouseOptions { CheckpointInterval = TimeSpan.Zero },
            _account.Clock, Stop);
        var wanted = Server.Channels.Appends + appends;
        var loading = warehouse.LoadAsync(batch, death.Token).AsTask();
        using var patience = Patience.Start();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (Server.Channels.Appends < wanted) await timer.WaitForNextTickAsync(patience.Token);
        await death.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => loading);
    }

    private List<StreamingNotice> Told(NoticeKind kind)
    {
        lock (_account.Notices) return _account.Notices.FindAll(notice => notice.Kind == kind);
    }

    private void AssertStored(int count)
    {
        var contents = SnowflakeContents.Read(Server.Database);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, count).Select(offset => (long)offset).ToArray(), contents.Raw.Select(row => row.Offset).ToArray());
        CollectionAssert.AreEqual(
            TestTrades.Range(Btc, 1, count).Select(
                trade => (trade.TradeId, trade.TradeTime, trade.Price, trade.Quantity, trade.Aggressor)).ToArray(),
            contents.Facts.Select(fact => (fact.TradeId, fact.TradeTime, fact.Price, fact.Quantity, fact.Aggressor)).ToArray());
        Assert.AreEqual(contents.Versions.Single().SymbolKey, contents.Facts.Select(fact => fact.SymbolKey).Distinct().Single());
        Assert.AreEqual(count, contents.Positions.Single().Next);
    }
}
