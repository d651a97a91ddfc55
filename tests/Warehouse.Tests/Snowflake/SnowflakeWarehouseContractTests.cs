using Crypto.SnowflakeEmulator;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>Statements over the SQL REST interface.</summary>
[TestClass]
public sealed class SnowflakeWarehouseContractTests : SnowflakeWarehouseContract
{
    private protected override EmulatorOptions Options => new();

    private protected override ISnowflakeSql NewSql(TestAccount account) => account.NewSql();
}
