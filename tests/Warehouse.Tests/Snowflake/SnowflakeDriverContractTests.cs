using Crypto.SnowflakeEmulator;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>Statements over ADO.NET; there is no SQL REST interface they could take instead.</summary>
[TestClass]
public sealed class SnowflakeDriverContractTests : SnowflakeWarehouseContract
{
    private protected override EmulatorOptions Options => new() { HasSqlInterface = false };

    private protected override ISnowflakeSql NewSql(TestAccount account) => account.NewDriverSql();
}
