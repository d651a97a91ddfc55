using Crypto.TestSupport;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake;

[TestClass]
public sealed class SnowflakeCheckTests
{
    private TestAccount _account = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task StartAsync() => _account = await TestAccount.StartAsync();

    [TestCleanup]
    public async Task StopAsync()
    {
        await _account.DisposeAsync();
        Assert.IsEmpty(_account.Server.Untranslated);
    }

    [TestMethod]
    public async Task RunAsync_EverythingInPlace_PassesAndLeavesNothingBehind()
    {
        await MigrateAsync();

        var results = await CheckAsync();

        Assert.IsTrue(results.All(result => result.Passed), string.Join('\n', results));
        Assert.Contains($"SET RSA_PUBLIC_KEY = '{_account.Keys.PublicKey}'", results[0].Detail);
        Assert.IsEmpty(_account.Server.Channels.Names);
    }

    [TestMethod]
    public async Task RunAsync_KeyNotSet_PrintsTheLineToPaste()
    {
        _account.Server.Keys.SetKeys(TestAccount.User);

        var failed = (await CheckAsync()).Single(result => !result.Passed);

        Assert.AreEqual("sign-in", failed.Name);
        Assert.Contains($"ALTER USER TRADE_INGEST SET RSA_PUBLIC_KEY = '{_account.Keys.PublicKey}'", failed.Advice);
    }

    [TestMethod]
    public async Task RunAsync_AccountDoesNotAnswer_TellsTheStepAndGivesUpInTime()
    {
        var clock = new ManualTimeProvider();
        var steps = new List<string>();
        await using var sql = new SilentSql();
        await using var streaming = _account.NewClient();
        var checking = new SnowflakeCheck(
            _account.Keys, sql, streaming, new ObjectNames(), clock, steps.Add).RunAsync(TestContext.CancellationToken);

        await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(30));

        var failed = (
            await checking.WaitAsync(Patience.Limit, TimeProvider.System, TestContext.CancellationToken)).Single(result => !result.Passed);
        Assert.AreEqual(("sign-in", "no answer within 30 s"), (failed.Name, failed.Detail));
        Assert.Contains("Snowflake:Account", failed.Advice);
        CollectionAssert.AreEqual(new[] { "key", "sign-in" }, steps);
    }

    [TestMethod]
    public async Task RunAsync_NotMigrated_SaysHow()
    {
        var failed = (await CheckAsync()).Single(result => !result.Passed);
        Assert.AreEqual(("schema", "trade-ingest migrate --target snowflake"), (failed.Name, failed.Advice));
        Assert.Contains("V0001__tables.sql", failed.Detail);
    }

    [TestMethod]
    public async Task RunAsync_PrivilegeMissing_NamesTableAndGrant()
    {
        await MigrateAsync();
        _account.Server.Deny("FACT_TRADES");

        var failed = (await CheckAsync()).Where(result => !result.Passed).ToArray();

        Assert.Contains("SELECT on FACT_TRADES", failed.Select(result => result.Name).ToArray());
        Assert.Contains(
            "GRANT INSERT, SELECT ON TABLE STREAMING_DB.PUBLIC.FACT_TRADES",
            failed.Single(result => result.Name == "streaming into FACT_TRADES").Advice);
    }

    [TestMethod]
    public async Task MigrateAsync_Again_ChangesNothingAndRefusesTampering()
    {
        await using var sql = _account.NewSql();
        var migrator = new SnowflakeMigrator(sql, new ObjectNames(), _account.Clock);
        Assert.AreEqual(
            "V0001__tables.sql V0002__coverage_state.sql V0003__how_gaps_end.sql R__procedures.sql R__views.sql R__grants.sql",
            string.Join(
                ' ', await migrator.MigrateAsync(TestContext.CancellationToken)));

        var statements = _account.Server.Database.Statements;
        Assert.IsEmpty(await migrator.MigrateAsync(TestContext.CancellationToken));
        Assert.AreEqual(statements + 2, _account.Server.Database.Statements);

        _account.Server.Database.Execute("UPDATE SCHEMA_HISTORY SET CHECKSUM = 'old' WHERE SCRIPT = 'R__views.sql'");
        Assert.AreEqual("R__views.sql R__grants.sql", string.Join(' ', await migrator.MigrateAsync(TestContext.CancellationToken)));
        _account.Server.Database.Execute("UPDATE SCHEMA_HISTORY SET CHECKSUM = 'old' WHERE SCRIPT = 'V0001__tables.sql'");
        Assert.Contains(
            "another text",
            (await Assert.ThrowsExactlyAsync<WarehouseException>(() => migrator.MigrateAsync(TestContext.CancellationToken))).Message);
        _account.Server.Database.Execute("UPDATE SCHEMA_HISTORY SET SCRIPT = 'V9999__future.sql' WHERE SCRIPT = 'V0001__tables.sql'");
        Assert.Contains(
            "newer version",
            (await Assert.ThrowsExactlyAsync<WarehouseException>(() => migrator.MigrateAsync(TestContext.CancellationToken))).Message);
    }

    [TestMethod]
    public void All_NamesThatAreNone_AreRefused()
    {
        var failure = Assert.ThrowsExactly<SnowflakeException>(() => SqlScript.All(new ObjectNames { ReaderRole = "R; DROP TABLE X" }));
        Assert.Contains("ReaderRole", failure.Message);
        Assert.DoesNotContain("{{", SqlScript.Bootstrap(new ObjectNames()));
    }

    /// <summary>A driver that waits, and does not mind a token.</summary>
    private sealed class SilentSql : ISnowflakeSql
    {
        public Task<SqlResult> ExecuteAsync(string sql, IReadOnlyList<SqlBind> binds, CancellationToken cancellationToken = default) =>
            new TaskCompletionSource<SqlResult>().Task;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private async Task MigrateAsync()
    {
        await using var sql = _account.NewSql();
        await new SnowflakeMigrator(sql, new ObjectNames(), _account.Clock).MigrateAsync(TestContext.CancellationToken);
    }

    private async Task<IReadOnlyList<CheckResult>> CheckAsync()
    {
        await using var sql = _account.NewSql();
        await using var streaming = _account.NewClient();
        return await new SnowflakeCheck(
            _account.Keys, sql, streaming, new ObjectNames(), _account.Clock).RunAsync(TestContext.CancellationToken);
    }
}
