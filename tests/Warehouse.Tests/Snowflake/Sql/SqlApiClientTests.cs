using System.Numerics;
using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake.Sql;

[TestClass]
public sealed class SqlApiClientTests
{
    private TestAccount _account = null!;
    private SqlApiClient _sql = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestInitialize]
    public async Task StartAsync()
    {
        _account = await TestAccount.StartAsync(new EmulatorOptions { RowsPerPartition = 10 });
        _sql = _account.NewSql();
        await _sql.ExecuteAsync(
            "CREATE TABLE T (ID NUMBER(38,0) NOT NULL COMMENT 'x', PRICE NUMBER(38,8), AT TIMESTAMP_NTZ(6), NAME VARCHAR(10), IS_ON "
                + "BOOLEAN, DATA BINARY) COMMENT = 'it''s'", [], Stop);
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        await _sql.DisposeAsync();
        await _account.DisposeAsync();
        Assert.IsEmpty(_account.Server.Untranslated);
    }

    [TestMethod]
    public async Task ExecuteAsync_EveryType_IsDecodedExactly()
    {
        await _sql.ExecuteAsync(
            "INSERT INTO T SELECT ?, ?::NUMBER(38,8), ?::TIMESTAMP_NTZ, ?, TRUE, TO_BINARY(?, 'BASE64')",
            [long.MaxValue, "-92233720368.54775808", "1969-12-31T23:59:59.5Z", "it's ? \"x\"", Convert.ToBase64String([0, 255])], Stop);
        await _sql.ExecuteAsync("INSERT INTO T (ID) SELECT ?", [2L], Stop);

        var result = await _sql.ExecuteAsync("SELECT ID, PRICE, AT, NAME, IS_ON, DATA FROM T ORDER BY ID DESC", [], Stop);

        Assert.AreEqual("fixed fixed timestamp_ntz text boolean binary", string.Join(' ', result.Columns.Select(column => column.Type)));
        var row = result.Rows[0];
        Assert.AreEqual(long.MaxValue, SqlResult.Whole(row[0]));
        Assert.AreEqual(long.MinValue, SqlResult.Scaled(row[1]));
        Assert.AreEqual("-92233720368.54775808", row[1]!.ToString());
        Assert.AreEqual(-500_000, SqlResult.Instant(row[2]).Microseconds);
        Assert.AreEqual("it's ? \"x\"", row[3]);
        Assert.IsTrue(SqlResult.Boolean(row[4]));
        CollectionAssert.AreEqual(new byte[] { 0, 255 }, SqlResult.Bytes(row[5]));
        Assert.IsTrue(result.Rows[1].Skip(1).All(value => value is null));
    }

    [TestMethod]
    [DataRow("fixed", 0, "99999999999999999999999999999999999999", "99999999999999999999999999999999999999")]
    [DataRow("fixed", 18, "-1.000000000000000001", "-1.000000000000000001")]
    [DataRow("fixed", 2, "5", "5.00")]
    [DataRow("real", 0, "1.5e10", "15000000000")]
    [DataRow("date", 0, "18262", "01/01/2020")]
    [DataRow("boolean", 0, "1", "True")]
    [DataRow("variant", 0, "{\"a\":1}", "{\"a\":1}")]
    public void Decode_WireText_GivesTheValue(string type, int scale, string text, string expected) =>
        Assert.AreEqual(expected, FormattableString.Invariant($"{SqlResult.Decode(text, new SqlColumn("C", type, scale))}"));

    [TestMethod]
    public void Decode_TimestampsWithOffset_KeepIt()
    {
        var instant = (SqlInstant)SqlResult.Decode("1616173619.000000001 960", new SqlColumn("C", "timestamp_tz", 9))!;
        Assert.AreEqual(new SqlInstant((Int128)1_616_173_619_000_000_001, -480), instant);
        Assert.AreEqual(-1, SqlInstant.Parse("-0.000000001").ToTimestamp().Microseconds, "What is finer is cut off towards the past.");
        Assert.AreEqual(253_402_214_400_000_000, SqlInstant.Parse("253402214400.000000000").ToTimestamp().Microseconds);
        Assert.ThrowsExactly<OverflowException>(() => new SqlDecimal(new BigInteger(15), 1).ToScaled(0));
    }

    [TestMethod]
    public async Task ExecuteAsync_ManyRows_ReadsEveryPartition()
    {
        for (var i = 0; i < 34; i++) await _sql.ExecuteAsync("INSERT INTO T (ID) SELECT ?", [(long)i], Stop);

        var result = await _sql.ExecuteAsync("SELECT ID FROM T ORDER BY ID", [], Stop);

        CollectionAssert.AreEqual(
            Enumerable.Range(0, 34).Select(i => (long)i).ToArray(), result.Rows.Select(row => SqlResult.Whole(row[0])).ToArray());
    }

    [TestMethod]
    [DataRow(Fault.StatementRunsOn)]
    [DataRow(Fault.LostBefore)]
    [DataRow(Fault.LostAfter)]
    [DataRow(Fault.ErrorAfter)]
    [DataRow(Fault.UnavailableBefore)]
    [DataRow(Fault.TooManyRequests)]
    [DataRow(Fault.ExpiredToken)]
    public async Task ExecuteAsync_EveryFaultThatPasses_ExecutesOnce(Fault fault)
    {
        for (var i = 0; i < 3; i++)
        {
            _account.Server.Faults.Next(fault);
            await _sql.ExecuteAsync("INSERT INTO T (ID) SELECT ?", [(long)i], Stop);
        }

        Assert.AreEqual(3, _account.Server.Faults.Count(fault));
        Assert.AreEqual(3L, (await _sql.ExecuteAsync("SELECT COUNT(*) FROM T", [], Stop)).Scalar);
    }

    [TestMethod]
    public async Task ExecuteAsync_StatementThatFails_IsNotRepeated()
    {
        _account.Server.Faults.Next(Fault.StatementFailed);
        var before = _account.Server.Database.Statements;

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => _sql.ExecuteAsync("SELECT ID FROM T", [], Stop));

        Assert.AreEqual((SnowflakeFault.Statement, "000904", false), (failure.Fault, failure.Code, failure.IsTransient));
        Assert.AreEqual(1, _account.Server.Faults.Count(Fault.StatementFailed));
        Assert.AreEqual(before, _account.Server.Database.Statements);
    }

    [TestMethod]
    public async Task ExecuteAsync_MissingObject_NamesTheCommand()
    {
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => _sql.ExecuteAsync("SELECT A FROM NOWHERE", [], Stop));

        Assert.AreEqual(SnowflakeFault.ObjectMissing, failure.Fault);
        Assert.Contains("migrate --target snowflake", failure.Message);
    }

    [TestMethod]
    public async Task ExecuteAsync_RunsTooLong_IsCanceled()
    {
        await using var patient = await TestAccount.StartAsync(new EmulatorOptions { PollsUntilDone = 1_000_000 });
        await using var sql = patient.NewSql(options => options with { StatementTimeout = TimeSpan.FromMilliseconds(30) });
        patient.Server.Faults.Next(Fault.StatementRunsOn);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => sql.ExecuteAsync("SELECT 1", [], Stop));

        Assert.AreEqual(SnowflakeFault.Statement, failure.Fault);
        Assert.AreEqual(1, patient.Server.Faults.Count(Fault.StatementCanceled));
    }

    [TestMethod]
    public async Task Execute_UnknownConstruct_FailsLoudly()
    {
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => _sql.ExecuteAsync("SELECT SOUNDEX(NAME) FROM T", [], Stop));

        Assert.AreEqual(SnowflakeFault.Refused, failure.Fault);
        Assert.HasCount(1, _account.Server.Untranslated);
        _account.Server.Forgive();
    }
}
