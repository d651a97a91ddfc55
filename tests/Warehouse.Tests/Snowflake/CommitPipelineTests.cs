using System.Collections.Immutable;
using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>Loads are accepted while those before are on the way to the tables; what is told as durable is not.</summary>
[TestClass]
public sealed class CommitPipelineTests
{
    private static readonly Symbol Btc = new SymbolTable().Intern("BTCUSDT");

    private readonly BatchBuilder _log = new();
    private TestAccount _account = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    private EmulatedSnowflake Server => _account.Server;

    private StreamingOptions Patient =>
        _account.Streaming with { CommitTimeout = TimeSpan.FromMinutes(2), UncommittedTimeout = TimeSpan.FromMilliseconds(100) };

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
    public async Task LoadAsync_LoadsBeforeNotCommitted_AcceptsAndTellsNoneAsDurable()
    {
        await using var warehouse = await OpenAsync();
        Server.Channels.HoldsCommits = true;

        await warehouse.LoadAsync(Trades(1, 10), Stop);
        var outcome = await warehouse.LoadAsync(Trades(9, 20), Stop);

        var committed = warehouse.CommittedAsync(_log.Partition, 10, Stop).AsTask();
        var positions = warehouse.PositionsAsync(Stop).AsTask();
        var contents = SnowflakeContents.Read(Server.Database);
        var isEarly = committed.IsCompleted || positions.IsCompleted;
        Server.Channels.HoldsCommits = false;
        Assert.AreEqual(new LoadOutcome(10, 2, 0), outcome, "Decided as if the first were there.");
        Assert.IsEmpty(contents.Raw);
        Assert.IsEmpty(contents.Positions);
        Assert.IsFalse(isEarly);

        await committed;
        Assert.AreEqual(22, (await positions)[_log.Partition]);
        await warehouse.CommittedAsync(_log.Partition, 22, Stop);
        AssertStored(20, records: 22);
    }

    [TestMethod]
    [DataRow(true, DisplayName = "rows in flight are discarded")]
    [DataRow(false, DisplayName = "rows in flight are committed")]
    public async Task LoadAsync_KilledBeforeTheCommit_LosesAndDoublesNothing(bool areLost)
    {
        WarehouseBatch[] batches = [Trades(1, 10), Trades(11, 20), Trades(21, 30)];
        await using (var client = _account.NewClient(Patient))
        {
            // Never disposed of: nothing is flushed, nothing is checkpointed.
            var killed = await OpenAsync(client);
            await killed.LoadAsync(batches[0], Stop);
            await killed.CommittedAsync(_log.Partition, 10, Stop);
            Server.Channels.HoldsCommits = true;
            await killed.LoadAsync(batches[1], Stop);
            await killed.LoadAsync(batches[2], Stop);
        }

        if (!areLost) Server.Channels.HoldsCommits = false;
        await using var next = await OpenAsync();
        Assert.IsEmpty(await next.PositionsAsync(Stop));
        foreach (var batch in batches)
        {
            await next.LoadAsync(batch, Stop);
            Server.Channels.HoldsCommits = false;
        }

        Assert.AreEqual(30, (await next.PositionsAsync(Stop))[_log.Partition]);
        AssertStored(30);
    }

    [TestMethod]
    public async Task LoadAsync_AsManyOnTheWayAsAllowed_Waits()
    {
        await using var warehouse = await OpenAsync(uncommittedRecords: 25);
        Server.Channels.HoldsCommits = true;
        await warehouse.LoadAsync(Trades(1, 10), Stop);
        await warehouse.LoadAsync(Trades(11, 20), Stop);
        var appends = Server.Channels.Appends;

        var third = warehouse.LoadAsync(Trades(21, 30), Stop).AsTask();

        var (isEarly, appendsHeld) = (third.IsCompleted, Server.Channels.Appends);
        Server.Channels.HoldsCommits = false;
        await third;
        Assert.IsFalse(isEarly);
        Assert.AreEqual(appends, appendsHeld);
        await warehouse.PositionsAsync(Stop);
        AssertStored(30);
    }

    [TestMethod]
    public async Task LoadAsync_EarlierLoadNeverCommits_TheNextCallTellsAndTheLogIsReadAgain()
    {
        WarehouseBatch[] batches = [Trades(1, 10), Trades(11, 20), Trades(21, 30)];
        await using var warehouse = await OpenAsync(
            _account.NewClient(Patient with { CommitTimeout = TimeSpan.FromMilliseconds(20), MaxReopens = 0 }));
        await warehouse.LoadAsync(batches[0], Stop);
        Assert.AreEqual(10, (await warehouse.PositionsAsync(Stop))[_log.Partition]);
        Server.Faults.Next(Fault.StuckCommit, 2);
        await warehouse.LoadAsync(batches[1], Stop);

        var uncommitted = await Assert.ThrowsExactlyAsync<WarehouseException>(
            async () => await warehouse.CommittedAsync(_log.Partition, 20, Stop));
        var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(async () => await warehouse.LoadAsync(batches[2], Stop));

        Assert.IsTrue(uncommitted.IsTransient && failure.IsTransient);
        Assert.AreEqual(10, (await warehouse.PositionsAsync(Stop))[_log.Partition]);
        await warehouse.LoadAsync(batches[1], Stop);
        await warehouse.LoadAsync(batches[2], Stop);
        await warehouse.PositionsAsync(Stop);
        AssertStored(30);
    }

    [TestMethod]
    public async Task ApplyAsync_FactsOnTheWay_AreBoundAnewToo()
    {
        await using var warehouse = await OpenAsync();
        await warehouse.ApplyAsync([Sector("a", Timestamp.Epoch)], Stop);
        Server.Channels.HoldsCommits = true;
        await warehouse.LoadAsync(Trades(1, 10), Stop);

        var applying = warehouse.ApplyAsync([Sector("b", TestTrades.TimeOf(6))], Stop).AsTask();

        // Time enough for a call that does not wait.
        await using (var sql = _account.NewSql())
        {
            for (var i = 0; i < 30; i++) await sql.ExecuteAsync("SELECT COUNT(*) FROM SYMBOLS", [], Stop);
        }

        var isEarly = applying.IsCompleted;
        Server.Channels.HoldsCommits = false;

        Assert.IsFalse(isEarly);
        Assert.AreEqual(5, (await applying).FactsRekeyed);
    }

    [TestMethod]
    public async Task ApplyAsync_AnotherChangedTheDimensionMeanwhile_OwnFactsAreBoundAnew()
    {
        await using var warehouse = await OpenAsync();
        await warehouse.ApplyAsync([Sector("a", Timestamp.Epoch)], Stop);
        await warehouse.LoadAsync(Trades(1, 10), Stop);
        await warehouse.CommittedAsync(_log.Partition, 10, Stop);
        await using var other = await OpenAsync();
        await other.ApplyAsync([Sector("b", TestTrades.TimeOf(6))], Stop);

        // With the keys of before; then it learns of the change by making the same.
        await warehouse.LoadAsync(Trades(11, 20), Stop);
        await warehouse.ApplyAsync([Sector("b", TestTrades.TimeOf(6))], Stop);
        await warehouse.PositionsAsync(Stop);

        var contents = SnowflakeContents.Read(Server.Database);
        Assert.HasCount(2, contents.Versions);
        Assert.IsTrue(
            contents.Facts.All(
                fact =>
                    fact.SymbolKey == contents.Versions.Single(
                        version => version.ValidFrom <= fact.TradeTime && fact.TradeTime < version.ValidTo).SymbolKey));
    }

    private static SymbolChange Sector(string value, Timestamp from) => new(
        ChangeSource.ReferenceFile, 1, new NaturalKey(Exchange.Binance, "BTCUSDT"), ChangeOperation.Upsert, from, from,
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(SymbolAttribute.Sector, value));

    private WarehouseBatch Trades(long from, long to) => _log.Of(TestTrades.Range(Btc, from, to));

    private Task<SnowflakeWarehouse> OpenAsync(StreamingClient? client = null, int uncommittedRecords = 1000) =>
        SnowflakeWarehouse.OpenAsync(
            _account.NewSql(), client ?? _account.NewClient(Patient), _account.NewKeys(),
            new SnowflakeWarehouseOptions { CheckpointInterval = TimeSpan.FromHours(1), UncommittedRecords = uncommittedRecords },
            _account.Clock, Stop);

    private void AssertStored(int trades, int? records = null)
    {
        var contents = SnowflakeContents.Read(Server.Database);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, records ?? trades).Select(offset => (long)offset).ToArray(),
            contents.Raw.Select(row => row.Offset).ToArray());
        CollectionAssert.AreEqual(
            Enumerable.Range(1, trades).Select(id => (long)id).ToArray(), contents.Facts.Select(fact => fact.TradeId).ToArray());
        Assert.AreEqual(records ?? trades, contents.Positions.Single().Next);
    }
}
