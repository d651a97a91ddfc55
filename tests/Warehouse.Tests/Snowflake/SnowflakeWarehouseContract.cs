using Crypto.SnowflakeEmulator;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>What every warehouse must do, on an emulated account, whichever way statements get there.</summary>
public abstract class SnowflakeWarehouseContract : WarehouseContract
{
    private TestAccount? _account;

    private protected abstract EmulatorOptions Options { get; }

    [TestCleanup]
    public async Task StopServerAsync()
    {
        await _account!.DisposeAsync();
        Assert.IsEmpty(_account.Server.Untranslated);
    }

    // Each try starts two accounts.
    private protected override int OrdersToTry => 4;

    private protected abstract ISnowflakeSql NewSql(TestAccount account);

    private protected override async Task<IWarehouse> OpenFreshAsync()
    {
        if (_account is not null) await _account.DisposeAsync();
        _account = await TestAccount.StartAsync(Options, Clock);
        await using (var sql = NewSql(_account)) await new SnowflakeMigrator(sql, new ObjectNames(), Clock).MigrateAsync();
        return await OpenAgainAsync();
    }

    private protected override async Task<IWarehouse> OpenAgainAsync() => await _account!.OpenWarehouseAsync(sql: NewSql(_account));

    private protected override Task<WarehouseContents> ReadAsync() => Task.FromResult(SnowflakeContents.Read(_account!.Server.Database));

    private protected override Task<IReadOnlyList<string?>> BronzeSymbolsAsync() => Task.FromResult<IReadOnlyList<string?>>(
        [
            .. _account!.Server.Database.Execute("SELECT SYMBOL FROM BRONZE_TRADES ORDER BY TOPIC, PARTITION_NO, OFFSET_NO")
                .Rows.Select(row => (string?)row[0]),
        ]);
}
