using System.Data.Common;
using Crypto.TestSupport;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Sql;
using Microsoft.Data.Sqlite;

namespace Crypto.Warehouse.Tests.Snowflake.Sql;

[TestClass]
public sealed class DbProviderSqlTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task ExecuteAsync_OverAnotherProvider_BindsAndReads()
    {
        using var folder = new TemporaryFolder();
        Warehouse.Sqlite.SqliteDatabase.OpenForWriting(folder["a.db"], isDurable: false).Dispose();
        await using var sql = new DbProviderSql(
            SqliteFactory.Instance, $"Data Source={folder["a.db"]};Pooling=False", ParameterStyle.Named, TimeSpan.FromSeconds(5));
        await sql.ExecuteAsync("CREATE TABLE T (ID INTEGER, NAME TEXT)", [], TestContext.CancellationToken);
        await sql.ExecuteAsync(
            "INSERT INTO T SELECT ?, ? -- why?\nWHERE '?' = '?'", [long.MaxValue, "it's ?"], TestContext.CancellationToken);
        await sql.ExecuteAsync("INSERT INTO T VALUES (?, ?)", [1, (string?)null], TestContext.CancellationToken);

        var result = await sql.ExecuteAsync("SELECT ID, NAME FROM T WHERE ID >= ? ORDER BY ID", [1L], TestContext.CancellationToken);

        Assert.IsNull(result.Rows[0][1]);
        Assert.AreEqual((long.MaxValue, "it's ?"), ((long)result.Rows[1][0]!, (string)result.Rows[1][1]!));
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(
            () => sql.ExecuteAsync("SELECT nonsense", [], TestContext.CancellationToken));
        Assert.AreEqual(SnowflakeFault.Statement, failure.Fault);
    }

    [TestMethod]
    [DataRow(ParameterStyle.Positional, "a ? '?' ?")]
    [DataRow(ParameterStyle.Numbered, "a $1 '?' $2")]
    [DataRow(ParameterStyle.Named, "a @p1 '?' @p2")]
    public void WithParameters_EachStyle_LeavesLiteralsAlone(ParameterStyle style, string expected) =>
        Assert.AreEqual(expected, DbProviderSql.WithParameters("a ? '?' ?", style));

    [TestMethod]
    public void Load_FactoryByName_FindsItOrSaysHowToGetIt()
    {
        Assert.AreSame(StandInFactory.Instance, SnowflakeDriver.Load(typeof(StandInFactory).AssemblyQualifiedName!));
        var failure = Assert.ThrowsExactly<SnowflakeException>(() => SnowflakeDriver.Load("Nothing.Here, Nowhere"));
        Assert.Contains("-p:SnowflakeDriver=true", failure.Message);
    }

    [TestMethod]
    public void ConnectionString_OddValues_AreQuoted()
    {
        var text = SnowflakeDriver.ConnectionString(
            "myorg-account1", "TS_SVC", "/keys/a;b=c.p8", "p;w=\"'",
            new SqlApiOptions { AccountUrl = "https://myorg-account1.snowflakecomputing.com", Role = "TS_LOADER" });

        var parsed = new DbConnectionStringBuilder { ConnectionString = text };
        Assert.AreEqual("/keys/a;b=c.p8", parsed["private_key_file"]);
        Assert.AreEqual("p;w=\"'", parsed["private_key_pwd"]);
        Assert.AreEqual("TS_LOADER", parsed["role"]);
    }

    /// <summary>What Snowflake.Data's factory looks like from outside.</summary>
    internal sealed class StandInFactory : DbProviderFactory
    {
        public static readonly StandInFactory Instance = new();

        public override DbConnection CreateConnection() => new SqliteConnection();
    }
}
