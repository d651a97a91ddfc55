using System.Data.Common;

namespace Snowflake.Data.Client;

/// <summary>
/// Stands in for Snowflake's provider of ADO.NET: the same names, the same rules for connection strings and parameters, the same types of
/// values. Statements go to the emulated account at the host and port, and run there on Microsoft.Data.Sqlite's provider.
/// </summary>
public sealed class SnowflakeDbFactory : DbProviderFactory
{
    public static readonly SnowflakeDbFactory Instance = new();

    public override DbConnection CreateConnection() => new SnowflakeDbConnection();

    public override DbCommand CreateCommand() => new SnowflakeDbCommand(null);
}
