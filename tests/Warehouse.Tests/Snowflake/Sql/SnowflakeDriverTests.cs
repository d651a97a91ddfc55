using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake.Sql;

/// <summary>
/// Everything the project sends to Snowflake as SQL, over the provider of ADO.NET that is found by the name of Snowflake's.
/// </summary>
[TestClass]
public sealed class SnowflakeDriverTests
{
    private readonly SymbolTable _symbols = new();
    private TestAccount _account = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestInitialize]
    public async Task StartAsync() => _account = await TestAccount.StartAsync();

    [TestCleanup]
    public async Task StopAsync()
    {
        await _account.DisposeAsync();
        Assert.IsEmpty(_account.Server.Untranslated);
    }

    [TestMethod]
    public void Load_ProviderThere_IsFoundByItsName()
    {
        var factory = SnowflakeDriver.Load();

        Assert.AreEqual("Snowflake.Data.Client.SnowflakeDbFactory", factory.GetType().FullName);
        Assert.AreEqual("Snowflake.Data", factory.GetType().Assembly.GetName().Name);
    }

    [TestMethod]
    public async Task ExecuteAsync_EveryType_IsWhatTheRestInterfaceGives()
    {
        await using var driver = _account.NewDriverSql();
        await using var api = _account.NewSql();
        await driver.ExecuteAsync(
            "CREATE TABLE T (ID NUMBER(38,0) NOT NULL, PRICE NUMBER(38,8), AT TIMESTAMP_NTZ(6), NAME VARCHAR, IS_ON BOOLEAN, DATA BINARY, "
                + "DOC VARIANT)",
            [], Stop);
        const string Insert = "INSERT INTO T SELECT ?, ?::NUMBER(38,8), ?::TIMESTAMP_NTZ, ?, TRUE, TO_BINARY(?, 'BASE64'), PARSE_JSON(?)";
        await driver.ExecuteAsync(
            Insert,
            [
                long.MaxValue, "92233720368.54775807", "9999-12-31T00:00:00Z", "it's ? \"x\" 币",
                Convert.ToBase64String([0, 255]), "{\"a\":[1]}",
            ],
            Stop);
        await driver.ExecuteAsync(Insert, [long.MinValue, "-92233720368.54775808", "0001-01-01T00:00:00.000001Z", "", "", "[]"], Stop);
        await driver.ExecuteAsync(Insert, [-129L, "0.00000001", "1969-12-31T23:59:59.999999Z", "0", "AA==", "\"s\""], Stop);
        foreach (var id in new[] { 0L, sbyte.MaxValue, short.MinValue, int.MaxValue, 1L << 40 })
        {
            await driver.ExecuteAsync("INSERT INTO T (ID, NAME) SELECT ?, ?", [id, (string?)null], Stop);
        }

        const string Select = "SELECT ID, PRICE, AT, NAME, IS_ON, DATA, DOC FROM T ORDER BY ID";
        var result = await driver.ExecuteAsync(Select, [], Stop);

        AssertSame(await api.ExecuteAsync(Select, [], Stop), result, Select);
        var last = result.Rows[^1];
        Assert.AreEqual(long.MaxValue, SqlResult.Whole(last[0]));
        Assert.AreEqual(long.MaxValue, SqlResult.Scaled(last[1]));
        Assert.AreEqual(Timestamp.EndOfTime, SqlResult.Instant(last[2]));
        Assert.AreEqual("it's ? \"x\" 币", last[3]);
        Assert.IsTrue(SqlResult.Boolean(last[4]));
        CollectionAssert.AreEqual(new byte[] { 0, 255 }, SqlResult.Bytes(last[5]));
        Assert.AreEqual(long.MinValue, SqlResult.Scaled(result.Rows[0][1]));
        Assert.AreEqual(-1, SqlResult.Instant(result.Rows.Single(row => SqlResult.Whole(row[0]) == -129)[2]).Microseconds);
        Assert.IsTrue(result.Rows.Single(row => SqlResult.Whole(row[0]) == 0).Skip(1).All(value => value is null));
    }

    [TestMethod]
    public async Task ExecuteAsync_EveryStatementOfTheProject_RunsAndReadsAsOverTheRestInterface()
    {
        var driver = new RecordedSql(_account.NewDriverSql());
        await new SnowflakeMigrator(driver, new ObjectNames(), _account.Clock).MigrateAsync(Stop);
        await FillAsync(driver);
        foreach (var audit in await new SnowflakeAudits(driver, new SnowflakeWarehouseOptions()).RunAsync(Stop))
        {
            Assert.IsTrue(audit.Passed, $"{audit.Name}: {string.Join("; ", audit.Failing)}");
        }

        await using (var streaming = _account.NewClient())
        {
            var results = await new SnowflakeCheck(_account.Keys, driver, streaming, new ObjectNames(), _account.Clock).RunAsync(Stop);
            Assert.IsTrue(results.All(result => result.Passed), string.Join('\n', results));
        }

        // The same questions both ways.
        await using var api = _account.NewSql();
        var reads = driver.Statements.Where(statement => statement.Key.StartsWith("SELECT", StringComparison.Ordinal)).ToList();
        foreach (var (sql, binds) in reads)
        {
            AssertSame(await api.ExecuteAsync(sql, binds, Stop), await driver.ExecuteAsync(sql, binds, Stop), sql);
        }

        foreach (var view in new[] { "BRONZE_TRADES", "DIM_SYMBOL", "CONSUMPTION_TRADES", "SILVER_TRADES" })
        {
            var result = await driver.ExecuteAsync($"SELECT * FROM {view}", [], Stop);
            Assert.IsNotEmpty(result.Rows, view);
            AssertSame(await api.ExecuteAsync($"SELECT * FROM {view}", [], Stop), result, view);
        }

        var verbs = driver.Statements.Keys.Select(
            sql =>
                string.Join(
                    ' ', sql.Split(
                        (char[])[' ', '(', '\n'], StringSplitOptions.RemoveEmptyEntries).Take(2))).ToHashSet(StringComparer.Ordinal);
        string[] expected =
        [
            "CREATE TABLE", "CREATE OR", "ALTER TABLE", "COMMENT ON", "GRANT SELECT", "GRANT USAGE",
            "INSERT INTO", "DELETE FROM", "CALL CHECKPOINT_LOAD", "CALL APPLY_CHANGES",
        ];
        foreach (var verb in expected) Assert.Contains(verb, verbs);

        // As which role the emulator does not ask: what the service reads and calls has to be granted to the role it works with.
        var scripts = SqlScript.All(new ObjectNames());
        var granted = Words(
            scripts.Single(script => script.Name == "R__grants.sql").Text,
            @"GRANT [\w, ]+ ON \w+ (?<name>\w+)(\(\w*\))? TO ROLE TRADE_INGEST_TRANSFORMER;");
        var named = driver.Statements.Keys
            .Where(sql => sql[..4] is "SELE" or "CALL")
            .SelectMany(sql => Words(sql, @"(FROM|JOIN|CALL) (?<name>\w+)\b(?!\.)"));
        foreach (var name in named)
        {
            if (name != "TABLE") Assert.Contains(name, granted);
        }

        Assert.IsGreaterThan(20, reads.Count);
        TestContext.WriteLine($"{driver.Statements.Count} different statements, {reads.Count} of them reads");
    }

    [TestMethod]
    public async Task ExecuteAsync_ObjectMissingOrNotGranted_NamesTheCommands()
    {
        await using var sql = _account.NewDriverSql("TS_TRANSFORM");

        var missing = await Assert.ThrowsExactlyAsync<SnowflakeException>(
            () => sql.ExecuteAsync("SELECT SCRIPT FROM SCHEMA_HISTORY", [], Stop));
        Assert.AreEqual((SnowflakeFault.ObjectMissing, "002003"), (missing.Fault, missing.Code));
        Assert.Contains("trade-ingest migrate --target snowflake", missing.Message);

        await new SnowflakeMigrator(sql, new ObjectNames(), _account.Clock).MigrateAsync(Stop);
        foreach (var (statement, name, grant) in new[]
        {
            (
                "SELECT FROM_ID FROM TRADE_COVERAGE", "TRADE_COVERAGE",
                "GRANT SELECT ON TABLE STREAMING_DB.PUBLIC.TRADE_COVERAGE TO ROLE TS_TRANSFORM;"),
            (
                "SELECT TICKER FROM SILVER_TRADES", "SILVER_TRADES",
                "GRANT SELECT ON VIEW STREAMING_DB.PUBLIC.SILVER_TRADES TO ROLE TS_TRANSFORM;"),
            (
                "CALL CHECKPOINT_LOAD(?)", "CHECKPOINT_LOAD",
                "GRANT USAGE ON PROCEDURE STREAMING_DB.PUBLIC.CHECKPOINT_LOAD(VARCHAR) TO ROLE TS_TRANSFORM;"),
        })
        {
            _account.Server.Deny(name);
            var denied = await Assert.ThrowsExactlyAsync<SnowflakeException>(
                () => sql.ExecuteAsync(statement, statement.Contains('?') ? ["{}"] : [], Stop));
            Assert.AreEqual(SnowflakeFault.ObjectMissing, denied.Fault);
            Assert.Contains(grant, denied.Message);
        }
    }

    [TestMethod]
    public async Task ExecuteAsync_NoSignIn_TellsWhetherItMayPass()
    {
        await using var sql = _account.NewDriverSql();
        _account.Server.Keys.SetKeys(TestAccount.User);
        var refused = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => sql.ExecuteAsync("SELECT 1", [], Stop));
        Assert.AreEqual((SnowflakeFault.Unauthorized, "390144", false), (refused.Fault, refused.Code, refused.IsTransient));
        Assert.Contains(TestAccount.User, refused.Message);

        await using var nowhere = new DbProviderSql(
            SnowflakeDriver.Load(),
            SnowflakeDriver.ConnectionString(
                "a-b", "U", _account.KeyFile, null,
                new SqlApiOptions { AccountUrl = "http://127.0.0.1:1", Database = "D", Schema = "S", Role = "R" }),
            ParameterStyle.Positional, TimeSpan.FromSeconds(1));
        var unreachable = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => nowhere.ExecuteAsync("SELECT 1", [], Stop));
        Assert.AreEqual((SnowflakeFault.Unreachable, true), (unreachable.Fault, unreachable.IsTransient));
    }

    /// <summary>
    /// Every way in: trades with extremes, duplicates and rejections; a description, a late one that binds facts anew and prices them, a
    /// deletion.
    /// </summary>
    private async Task FillAsync(RecordedSql sql)
    {
        var (btc, eth) = (_symbols.Intern("BTCUSDT"), _symbols.Intern("ETHBTC"));
        await using var warehouse = await _account.OpenWarehouseAsync(sql: sql);
        var builder = new BatchBuilder();
        builder.Add(TestTrades.Range(btc, 1, 20)).Add(TestTrades.Range(eth, 5, 9)).Add(
            TestTrades.Of(btc, 7), TestTrades.Of(btc, 31) with { Price = default });
        builder.Add(TestTrades.Of(btc, 32) with { Price = new Price(long.MaxValue), Quantity = new Quantity(1) })
            .AddUnreadable([1, 2], identity: "file:1");
        await warehouse.LoadAsync(builder.Build(), Stop);
        await warehouse.LoadAsync(builder.AddUnreadable([1, 2], identity: "file:1").Build(), Stop);
        await warehouse.ApplyAsync(
            [
                Change("BTCUSDT", 1, Timestamp.Epoch, SymbolAttribute.QuoteAsset, "USDT"),
                Change("ETHBTC", 1, Timestamp.Epoch, SymbolAttribute.QuoteAsset, "BTC"),
            ],
            Stop);
        var outcome = await warehouse.ApplyAsync([Change("ETHBTC", 2, TestTrades.TimeOf(6), SymbolAttribute.QuoteAsset, "USDT")], Stop);
        Assert.AreEqual(4, outcome.FactsRekeyed);
        await warehouse.ApplyAsync([Change("BTCUSDT", 3, TestTrades.TimeOf(25), SymbolAttribute.TickSize, "0.01")], Stop);
        await warehouse.PositionsAsync(Stop);
        await warehouse.CoverageAsync(Stop);
        Assert.HasCount(4, await warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop));

        // A channel that lost its token asks the rows.
        foreach (var channel in _account.Server.Channels.Names) _account.Server.Channels.Expire(channel);
        await using var next = await _account.OpenWarehouseAsync(sql: sql);
        await next.LoadAsync(builder.Of(TestTrades.Range(btc, 21, 24)), Stop);
    }

    private SymbolChange Change(string ticker, long sequence, Timestamp valid, SymbolAttribute attribute, string value) => new(
        ChangeSource.ExchangeInfo, sequence, new NaturalKey(
            Exchange.Binance, ticker), ChangeOperation.Upsert, valid, Timestamp.Now(_account.Clock),
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(attribute, value));

    private static HashSet<string> Words(string text, [StringSyntax(StringSyntaxAttribute.Regex)] string pattern) =>
        Regex.Matches(
            text, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Select(match =>
                match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);

    private static void AssertSame(SqlResult expected, SqlResult actual, string sql)
    {
        Assert.AreEqual(
            string.Join(' ', expected.Columns.Select(column => column.Name)),
            string.Join(' ', actual.Columns.Select(column => column.Name)), sql);
        Assert.AreEqual(Text(expected), Text(actual), sql);

        static string Text(SqlResult result) =>
            string.Join('\n', result.Rows.Select(row => string.Join(" | ", row.Select(value => value switch
        {
            null => "null",
            byte[] bytes => Convert.ToHexString(bytes),
            _ => FormattableString.Invariant($"{value.GetType().Name} {value}"),
        }))));
    }

    /// <summary>Remembers each statement with the binds it had last; warehouses that are done with it do not end it.</summary>
    private sealed class RecordedSql(ISnowflakeSql sql) : ISnowflakeSql
    {
        private readonly Lock _gate = new();

        public Dictionary<string, IReadOnlyList<SqlBind>> Statements { get; } = new(StringComparer.Ordinal);

        public async Task<SqlResult> ExecuteAsync(string text, IReadOnlyList<SqlBind> binds, CancellationToken cancellationToken = default)
        {
            lock (_gate) Statements[text] = binds;
            return await sql.ExecuteAsync(text, binds, cancellationToken);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
