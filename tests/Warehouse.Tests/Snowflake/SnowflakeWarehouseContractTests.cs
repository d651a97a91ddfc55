using Crypto.SnowflakeEmulator;
using Crypto.Warehouse.Snowflake.Migrating;

namespace Crypto.Warehouse.Tests.Snowflake;

[TestClass]
public sealed class SnowflakeWarehouseContractTests : WarehouseContract
{
    private TestAccount? _account;

    [TestCleanup]
    public async Task StopServerAsync()
    {
        await _account!.DisposeAsync();
        Assert.IsEmpty(_account.Server.Untranslated);
    }

    // Each try starts two accounts.
    private protected override int OrdersToTry => 4;

    private protected override async Task<IWarehouse> OpenFreshAsync()
    {
        if (_account is not null) await _account.DisposeAsync();
        _account = await TestAccount.StartAsync(new EmulatorOptions(), Clock);
        await using (var sql = _account.NewSql()) await new SnowflakeMigrator(sql, new ObjectNames(), Clock).MigrateAsync();
        return await OpenAgainAsync();
    }

    private protected override async Task<IWarehouse> OpenAgainAsync() => await _account!.OpenWarehouseAsync();

    private protected override Task<WarehouseContents> ReadAsync() => Task.FromResult(SnowflakeContents.Read(_account!.Server.Database));

    private protected override Task<IReadOnlyList<string?>> BronzeSymbolsAsync() => Task.FromResult<IReadOnlyList<string?>>(
        [.. _account!.Server.Database.Execute("SELECT SYMBOL FROM BRONZE_TRADES ORDER BY TOPIC, PARTITION_NO, OFFSET_NO").Rows.Select(row => (string?)row[0])]);
}
