using System.Diagnostics;
using System.Globalization;
using Crypto.SnowflakeEmulator;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>
/// Full loads one after the other into an emulator that commits late. <c>CRYPTO_SNOWFLAKE_COMMIT_MS=5000 CRYPTO_SNOWFLAKE_LOADS=20</c>
/// tells how many trades a second one sink carries with the delay of the real one.
/// </summary>
[TestClass]
public sealed class LoadRateTests
{
    private const int Partitions = 4;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [Timeout(600_000, CooperativeCancellation = true)]
    public async Task LoadAsync_CommitsAreLate_EachTradeLandsOnceAndTheRateIsTold()
    {
        var stop = TestContext.CancellationToken;
        var delay = TimeSpan.FromMilliseconds(Setting("CRYPTO_SNOWFLAKE_COMMIT_MS", 50));
        var loads = Setting("CRYPTO_SNOWFLAKE_LOADS", 0);
        await using var account = await TestAccount.StartAsync(new EmulatorOptions { CommitDelay = delay });
        await account.MigrateAsync(stop);
        var defaults = new StreamingOptions { AccountUrl = account.Server.Url };
        await using var warehouse = await SnowflakeWarehouse.OpenAsync(
            account.NewSql(), account.NewClient(defaults), account.NewKeys(),
            new SnowflakeWarehouseOptions { CheckpointInterval = TimeSpan.FromHours(1) },
            account.Clock, stop);
        var perLoad = loads == 0 ? 500 : warehouse.RecordsPerLoad;
        loads = loads == 0 ? 8 : loads;
        var symbols = new SymbolTable();
        var batches = Enumerable.Range(0, Partitions).Select(
            partition => (Builder: new BatchBuilder(partition), Symbol: symbols.Intern($"COIN{partition}USDT"))).ToArray();

        var watch = Stopwatch.StartNew();
        for (var load = 0; load < loads; load++)
        {
            var (builder, symbol) = batches[load % Partitions];
            var from = (load / Partitions) * (long)perLoad;
            await warehouse.LoadAsync(builder.Of(TestTrades.Range(symbol, from + 1, from + perLoad)), stop);
        }

        await warehouse.PositionsAsync(stop);
        var rate = (long)loads * perLoad / watch.Elapsed.TotalSeconds;
        TestContext.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{loads} loads of {perLoad:N0} trades, commits after {delay}: {rate:N0} trades/s until all are durable"));

        var row = account.Server.Database.Read(
            "SELECT (SELECT count(*) FROM FACT_TRADES), (SELECT count(DISTINCT FACT_ID) FROM FACT_TRADES), (SELECT count(*) FROM "
                + "STOCK_TRADES_RAW)")[0];
        Assert.AreEqual(
            ((long)loads * perLoad, (long)loads * perLoad, (long)loads * perLoad), ((long)row[0]!, (long)row[1]!, (long)row[2]!));
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
