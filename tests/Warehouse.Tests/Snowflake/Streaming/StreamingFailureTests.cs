using System.Security.Cryptography;
using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;
using static Crypto.Warehouse.Tests.Snowflake.Streaming.EventRows;

namespace Crypto.Warehouse.Tests.Snowflake.Streaming;

/// <summary>Failures that do not pass: a channel gives up after what it was told to try, and says what to do.</summary>
[TestClass]
public sealed class StreamingFailureTests
{
    private static readonly ChannelAddress Address = new(PipeAddress.OfTable("STREAMING_DB", "PUBLIC", "EVENTS"), "EVENTS_P0");

    private TestAccount _account = null!;
    private StreamingClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    private EmulatedSnowflake Server => _account.Server;

    [TestInitialize]
    public async Task StartAsync()
    {
        _account = await TestAccount.StartAsync();
        _client = _account.NewClient(
            _account.Streaming with { MaxReopens = 3, CommitTimeout = TimeSpan.FromMilliseconds(30), MaxWireBytes = 8_000_000 });
        Server.Database.Execute("CREATE TABLE EVENTS (ID NUMBER(38,0) NOT NULL, NAME VARCHAR)");
    }

    [TestCleanup]
    public async Task StopAsync()
    {
        await _client.DisposeAsync();
        await _account.DisposeAsync();
        Assert.IsEmpty(Server.Untranslated);
    }

    [TestMethod]
    public async Task AppendAsync_FreshTokenRefusedToo_StopsWithoutOpeningAnew()
    {
        await using var channel = await OpenAsync();
        Server.Faults.Next(Fault.ExpiredToken, 2);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(Rows(0, 4), Stop));

        Assert.AreEqual((SnowflakeFault.Unauthorized, false), (failure.Fault, failure.IsTransient));
        Assert.Contains("trade-ingest check --target snowflake", failure.Message);
        Assert.AreEqual((0, 0L), (channel.TimesReopened, Server.Channels.Appends));
        await AssertStaysBrokenAsync(channel, SnowflakeFault.Unauthorized);
    }

    [TestMethod]
    public async Task AppendAsync_AnotherOwnerNeverLetsGo_EndsAfterSoManyOpenings()
    {
        await using var channel = await OpenAsync();
        Server.Faults.Share(Fault.StaleSequencer, 1);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(Rows(0, 4), Stop));

        Assert.AreEqual(
            (SnowflakeFault.Fenced, true, "STALE_CONTINUATION_TOKEN_SEQUENCER"), (failure.Fault, failure.IsTransient, failure.Code));
        Assert.Contains("one process per partition", failure.Message);
        Assert.AreEqual(3, channel.TimesReopened);

        Server.Faults.Calm();
        await channel.FlushAsync(Stop);
        AssertStored(5);
    }

    [TestMethod]
    public async Task CommittedAsync_NothingIsEverCommitted_SaysSo()
    {
        await using var channel = await OpenAsync();
        Server.Faults.Share(Fault.StuckCommit, 1);
        await channel.AppendAsync(Rows(0, 4), Stop);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.CommittedAsync(4, Stop));

        Assert.AreEqual((SnowflakeFault.NotCommitted, true), (failure.Fault, failure.IsTransient));
        Assert.Contains("SHOW CHANNELS", failure.Message);
        Assert.IsTrue(_account.Notices.Exists(notice => notice.Kind == NoticeKind.CommitOverdue));

        Server.Faults.Calm();
        await using var again = await OpenAsync();
        await again.AppendAsync(Rows(0, 4), Stop);
        await again.FlushAsync(Stop);
        AssertStored(5);
    }

    [TestMethod]
    public async Task CommittedAsync_RowThatVanishes_IsNoticedByTheCount()
    {
        await using var channel = await OpenAsync();
        Server.Faults.Next(Fault.RowLost);
        await channel.AppendAsync(Rows(0, 4), Stop);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.CommittedAsync(4, Stop));

        Assert.AreEqual(SnowflakeFault.RowsRejected, failure.Fault);
        Assert.Contains("counts 4 rows of the 5 sent", failure.Message);
        await AssertStaysBrokenAsync(channel, SnowflakeFault.RowsRejected);
    }

    [TestMethod]
    public async Task AppendAsync_RequestTooLarge_IsSentOnce()
    {
        await using var channel = await OpenAsync();
        using var batch = new RowBatch();
        for (var i = 0; i < 7; i++)
        {
            var row = batch.BeginRow(i);
            row.Number("ID"u8, i);
            row.Text("NAME"u8, System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(750_000))));
            row.End();
        }

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(batch, Stop));

        Assert.AreEqual((SnowflakeFault.Refused, false), (failure.Fault, failure.IsTransient));
        Assert.Contains("413", failure.Message);
        Assert.AreEqual((0L, 0L), (channel.Resends, Server.Channels.Appends));
        await AssertStaysBrokenAsync(channel, SnowflakeFault.Refused);
    }

    private Task<StreamingChannel> OpenAsync() => _client.OpenChannelAsync(Address, cancellationToken: Stop);

    private async Task AssertStaysBrokenAsync(StreamingChannel channel, SnowflakeFault fault)
    {
        var appends = Server.Channels.Appends;
        Assert.AreEqual(fault, (await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(Rows(50, 51), Stop))).Fault);
        Assert.AreEqual(appends, Server.Channels.Appends, "Nothing is appended after.");
    }

    private void AssertStored(long count)
    {
        var row = Server.Database.Read("SELECT count(*), count(DISTINCT ID) FROM EVENTS")[0];
        Assert.AreEqual((count, count), ((long)row[0]!, (long)row[1]!));
    }
}
