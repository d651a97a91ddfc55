using Crypto.SnowflakeEmulator.Faults;
using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Snowflake;

namespace Crypto.Warehouse.Tests.Snowflake;

[TestClass]
public sealed class CheckpointTests
{
    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestMethod]
    public async Task LoadAsync_NothingComesAfterIt_IsCheckpointedAllTheSame()
    {
        await using var account = await TestAccount.StartAsync();
        await account.MigrateAsync(Stop);
        await using var warehouse = await account.OpenWarehouseAsync(checkpointInterval: TimeSpan.FromSeconds(1));
        var builder = new BatchBuilder();
        var btc = new SymbolTable().Intern("BTCUSDT");

        await warehouse.LoadAsync(builder.Of(TestTrades.Of(btc, 1), TestTrades.Of(btc, 2)), Stop);

        using var patience = Patience.Start();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (SnowflakeContents.Read(account.Server.Database).Positions is not [{ Next: 2 }])
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }

        Assert.HasCount(1, SnowflakeContents.Read(account.Server.Database).Coverage);
    }

    [TestMethod]
    public async Task LoadAsync_ManyBytesOfRejections_AreCheckpointedBeforeTheInterval()
    {
        await using var account = await TestAccount.StartAsync();
        await account.MigrateAsync(Stop);
        await using var warehouse = await account.OpenWarehouseAsync(checkpointInterval: TimeSpan.FromHours(1));
        var builder = new BatchBuilder { KeepRaw = false };

        for (var i = 0; i < 100; i++) await warehouse.LoadAsync(builder.AddUnreadable(new byte[60_000]).Build(), Stop);

        // 80,000 bytes each in the call; two MiB are reached with the 27th, the 54th and the 81st.
        Assert.HasCount(81, SnowflakeContents.Read(account.Server.Database).Rejected);
    }

    [TestMethod]
    public async Task LoadAsync_ChannelsInvalidatedWhileNothingIsLoaded_AreUsableAgainBeforeTheNext()
    {
        await using var account = await TestAccount.StartAsync();
        await account.MigrateAsync(Stop);
        await using var warehouse = await SnowflakeWarehouse.OpenAsync(
            account.NewSql(), account.NewClient(), account.NewKeys(),
            new SnowflakeWarehouseOptions { HealthInterval = TimeSpan.FromMilliseconds(20) },
            account.Clock, Stop);
        var builder = new BatchBuilder();
        var btc = new SymbolTable().Intern("BTCUSDT");
        await warehouse.LoadAsync(builder.Of(TestTrades.Of(btc, 1)), Stop);

        foreach (var channel in account.Server.Channels.Names.Distinct(StringComparer.Ordinal)) account.Server.Channels.Invalidate(channel);

        using var patience = Patience.Start();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (account.Server.Faults.Count(Fault.Fenced) < 2) await timer.WaitForNextTickAsync(patience.Token);
        await warehouse.LoadAsync(builder.Of(TestTrades.Of(btc, 2)), Stop);
        Assert.HasCount(2, SnowflakeContents.Read(account.Server.Database).Facts);
    }
}
