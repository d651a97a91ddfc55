using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.TestSupport;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;
using static Crypto.Warehouse.Tests.Snowflake.Streaming.EventRows;

namespace Crypto.Warehouse.Tests.Snowflake.Streaming;

[TestClass]
public sealed class StreamingChannelTests
{
    private static readonly PipeAddress Pipe = PipeAddress.OfTable("STREAMING_DB", "PUBLIC", "EVENTS");
    private static readonly ChannelAddress Address = new(Pipe, "EVENTS_P0");

    private TestAccount _account = null!;
    private StreamingClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    private EmulatedSnowflake Server => _account.Server;

    [TestInitialize]
    public Task StartAsync() => StartAsync(new EmulatorOptions());

    [TestCleanup]
    public async Task StopAsync()
    {
        await _client.DisposeAsync();
        await _account.DisposeAsync();
        Assert.IsEmpty(Server.Untranslated);
    }

    [TestMethod]
    [DataRow(false, true, DisplayName = "plain text, scoped")]
    [DataRow(true, true, DisplayName = "JSON, scoped")]
    [DataRow(true, false, DisplayName = "JSON, for both interfaces")]
    public async Task AppendAsync_Rows_AreInTheTableOnceCommitted(bool jsonTokens, bool scoped)
    {
        await RestartAsync(new EmulatorOptions { JsonTokens = jsonTokens, CommitDelay = TimeSpan.FromMilliseconds(20) });
        await using var client = _account.NewClient(_account.Streaming with { ScopedTokens = scoped });
        await using var channel = await client.OpenChannelAsync(Address, cancellationToken: Stop);
        Assert.IsNull(channel.CommittedOffset);

        await channel.AppendAsync(Rows(0, 9), Stop);
        await channel.CommittedAsync(9, Stop);

        Assert.AreEqual(9, channel.CommittedOffset);
        AssertStored(10);
    }

    [TestMethod]
    public async Task AppendAsync_OffsetsAppendedBefore_AreSkipped()
    {
        await using var channel = await OpenAsync();
        await channel.AppendAsync(Rows(0, 9), Stop);
        await channel.AppendAsync(Rows(5, 14), Stop);
        await channel.AppendAsync(Rows(0, 3), Stop);
        await channel.FlushAsync(Stop);

        Assert.AreEqual(9, channel.SkippedRows);
        AssertStored(15);
    }

    [TestMethod]
    public async Task OpenChannelAsync_AfterCommits_TellsWhereToGoOnAsANumber()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(8, 11), Stop);
            await before.FlushAsync(Stop);
        }

        await using var channel = await OpenAsync(new OpenOptions { KnownCommitted = 9 });

        // 9 < 11 as numbers, not as text.
        Assert.AreEqual(11, channel.CommittedOffset);
        await channel.CommittedAsync(10, Stop);
    }

    [TestMethod]
    [DataRow(Fault.LostBefore)]
    [DataRow(Fault.LostAfter)]
    [DataRow(Fault.UnavailableBefore)]
    [DataRow(Fault.ErrorAfter)]
    [DataRow(Fault.TooManyRequests)]
    [DataRow(Fault.ExpiredToken)]
    [DataRow(Fault.StaleSequencer)]
    [DataRow(Fault.ChannelInvalidated)]
    [DataRow(Fault.FailedOver)]
    [DataRow(Fault.DelayedCommit)]
    [DataRow(Fault.StuckCommit)]
    public async Task AppendAsync_EveryFaultThatPasses_LosesAndDoublesNothing(Fault fault)
    {
        await using var channel = await OpenAsync();
        for (var i = 0; i < 6; i++)
        {
            if (i % 2 == 1) Server.Faults.Next(fault, 1);
            await channel.AppendAsync(Rows(i * 10, (i * 10) + 9), Stop);
            if (i == 3) await channel.FlushAsync(Stop);
        }

        await channel.FlushAsync(Stop);

        Assert.AreEqual(3, Server.Faults.Count(fault));
        AssertStored(60);
    }

    [TestMethod]
    public async Task AppendAsync_ReplyLostAfterApplying_RepeatsIdenticallyAndInsertsNothingTwice()
    {
        await using var channel = await OpenAsync();
        await channel.AppendAsync(Rows(0, 4), Stop);
        Server.Faults.Next(Fault.LostAfter);

        await channel.AppendAsync(Rows(5, 9), Stop);
        await channel.FlushAsync(Stop);

        Assert.AreEqual(1, Server.Faults.Count(Fault.UsedToken));
        Assert.AreEqual(1, channel.Resends);
        AssertStored(10);
    }

    [TestMethod]
    public async Task OpenChannelAsync_RowsInFlight_WaitsForThem()
    {
        await using var other = _account.NewClient();
        var before = await other.OpenChannelAsync(Address, cancellationToken: Stop);
        Server.Channels.HoldsCommits = true;
        await before.AppendAsync(Rows(0, 9), Stop);

        await using var client = _account.NewClient(_account.Streaming with { UncommittedTimeout = Patience.Limit });
        var opening = client.OpenChannelAsync(Address, cancellationToken: Stop);
        await CountedAsync(Fault.Uncommitted, 1, opening);
        Server.Channels.HoldsCommits = false;
        await using var channel = await opening;

        Assert.AreEqual(9, channel.CommittedOffset);
        AssertStored(10);
    }

    [TestMethod]
    public async Task OpenChannelAsync_RowsInFlightForEver_AreDiscardedAndSentAgain()
    {
        await using var other = _account.NewClient();
        var before = await other.OpenChannelAsync(Address, cancellationToken: Stop);
        Server.Faults.Next(Fault.StuckCommit);
        await before.AppendAsync(Rows(0, 9), Stop);

        await using var client = _account.NewClient(_account.Streaming with { UncommittedTimeout = TimeSpan.FromMilliseconds(50) });
        await using var channel = await client.OpenChannelAsync(Address, cancellationToken: Stop);
        Assert.IsNull(channel.CommittedOffset);
        await channel.AppendAsync(Rows(0, 9), Stop);
        await channel.FlushAsync(Stop);

        AssertStored(10);
    }

    [TestMethod]
    public async Task OpenChannelAsync_FailuresBetweenLooksAtRowsInFlight_AreNotAddedUp()
    {
        const int Attempts = 6;
        await using var other = _account.NewClient();
        var before = await other.OpenChannelAsync(Address, cancellationToken: Stop);
        Server.Channels.HoldsCommits = true;
        await before.AppendAsync(Rows(0, 9), Stop);

        Server.Faults.Share(Fault.UnavailableBefore, 0.3);
        await using var client = _account.NewClient(_account.Streaming with
        {
            UncommittedTimeout = Patience.Limit,
            Backoff = new BackoffOptions(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), Attempts),
        });
        var opening = client.OpenChannelAsync(Address, cancellationToken: Stop);
        await CountedAsync(Fault.UnavailableBefore, 2 * Attempts, opening);
        Server.Channels.HoldsCommits = false;
        await using var channel = await opening;

        Assert.AreEqual(9, channel.CommittedOffset);
    }

    [TestMethod]
    public async Task AppendAsync_TwoOwners_EachRowOnceWhoeverWrites()
    {
        await using var other = _account.NewClient();
        await using var left = await OpenAsync();
        await using var right = await other.OpenChannelAsync(Address, cancellationToken: Stop);
        for (var i = 0; i < 20; i++)
        {
            // Both read the same log; the one behind skips what the other wrote.
            await left.AppendAsync(Rows(i * 10, (i * 10) + 12), Stop);
            await right.AppendAsync(Rows(i * 10, (i * 10) + 17), Stop);
        }

        await left.FlushAsync(Stop);
        await right.FlushAsync(Stop);

        Assert.IsGreaterThan(10, Server.Faults.Count(Fault.Fenced));
        AssertStored(208);
    }

    [TestMethod]
    public async Task AppendAsync_RowTheTableRefuses_StopsTheChannel()
    {
        await using var channel = await OpenAsync();
        await channel.AppendAsync(Rows(0, 4), Stop);
        await channel.FlushAsync(Stop);
        Server.Faults.Next(Fault.RowError);
        await channel.AppendAsync(Rows(5, 9), Stop);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.FlushAsync(Stop));

        Assert.AreEqual(SnowflakeFault.RowsRejected, failure.Fault);
        Assert.Contains("ERROR_TABLE(STREAMING_DB.PUBLIC.EVENTS)", failure.Message);
        var appends = Server.Channels.Appends;
        await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(Rows(10, 12), Stop));
        Assert.AreEqual(appends, Server.Channels.Appends, "Nothing is appended after.");
    }

    [TestMethod]
    public async Task OpenChannelAsync_RowErrorsOfEarlierTimes_AreTheBaseline()
    {
        await using (var before = await OpenAsync())
        {
            Server.Faults.Next(Fault.RowError);
            await before.AppendAsync(Rows(0, 4), Stop);
        }

        await using var channel = await OpenAsync();
        await channel.AppendAsync(Rows(5, 9), Stop);
        await channel.FlushAsync(Stop);
        AssertStored(9, from: 1);
    }

    [TestMethod]
    public async Task OpenChannelAsync_TokenBehindWhatIsKnown_IsRefused()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(0, 4), Stop);
            await before.FlushAsync(Stop);
        }

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => OpenAsync(new OpenOptions { KnownCommitted = 10 }));
        Assert.AreEqual(SnowflakeFault.TokenMismatch, failure.Fault);
        Assert.Contains("EVENTS_P0", failure.Message);
        Assert.Contains("--drop-channel", failure.Message);

        Server.Channels.Tamper("EVENTS_P0", "offset-12");
        Assert.AreEqual(SnowflakeFault.TokenMismatch, (await Assert.ThrowsExactlyAsync<SnowflakeException>(() => OpenAsync())).Fault);
    }

    [TestMethod]
    public async Task OpenChannelAsync_TokenAheadOfTheRows_IsRefused()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(0, 4), Stop);
        }

        Server.Channels.Tamper("EVENTS_P0", "99");
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(
            () => OpenAsync(new OpenOptions { HighestStoredOffset = Highest }));
        Assert.AreEqual(SnowflakeFault.TokenMismatch, failure.Fault);
    }

    [TestMethod]
    public async Task OpenChannelAsync_ExpiredWithItsToken_GoesOnAfterTheRows()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(0, 7), Stop);
            await before.FlushAsync(Stop);
        }

        Server.Channels.Expire("EVENTS_P0");
        await using var channel = await OpenAsync(new OpenOptions { KnownCommitted = 5, HighestStoredOffset = Highest });
        Assert.AreEqual(7, channel.CommittedOffset);
        await channel.AppendAsync(Rows(0, 9), Stop);
        await channel.FlushAsync(Stop);
        AssertStored(10);
    }

    [TestMethod]
    public async Task OpenChannelAsync_ExpiredBeforeAnythingWasNoted_StillGoesOnAfterTheRows()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(0, 7), Stop);
            await before.FlushAsync(Stop);
        }

        Server.Channels.Expire("EVENTS_P0");
        await using var channel = await OpenAsync(new OpenOptions { HighestStoredOffset = Highest });
        await channel.AppendAsync(Rows(0, 5), Stop);
        await channel.AppendAsync(Rows(3, 9), Stop);
        await channel.FlushAsync(Stop);
        AssertStored(10);
    }

    [TestMethod]
    public async Task OpenChannelAsync_TableReplaced_IsRefused()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(0, 7), Stop);
            await before.FlushAsync(Stop);
        }

        Server.Database.Execute("CREATE OR REPLACE TABLE EVENTS (ID NUMBER(38,0) NOT NULL)");
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(
            () => OpenAsync(new OpenOptions { KnownCommitted = 7, HighestStoredOffset = Highest }));
        Assert.AreEqual(SnowflakeFault.TokenLost, failure.Fault);
        Assert.Contains("STREAMING_DB.PUBLIC.EVENTS", failure.Message);
    }

    [TestMethod]
    public async Task AppendAsync_ChannelVanishesInBetween_GoesOnAfterTheRows()
    {
        await using var channel = await OpenAsync(new OpenOptions { HighestStoredOffset = Highest });
        await channel.AppendAsync(Rows(0, 9), Stop);
        await channel.FlushAsync(Stop);
        Server.Faults.Next(Fault.ChannelVanished);

        await channel.AppendAsync(Rows(10, 19), Stop);
        await channel.FlushAsync(Stop);

        Assert.IsTrue(_account.Notices.Exists(notice => notice.Kind == NoticeKind.TokenRecovered));
        AssertStored(20);
    }

    [TestMethod]
    public async Task OpenChannelAsync_MissingPrivilege_NamesTheGrant()
    {
        Server.Deny("EVENTS");
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => OpenAsync());

        Assert.AreEqual(SnowflakeFault.ObjectMissing, failure.Fault);
        Assert.Contains("GRANT INSERT, SELECT ON TABLE STREAMING_DB.PUBLIC.EVENTS", failure.Message);
        Server.Allow("EVENTS");
        await using var channel = await OpenAsync();
        Server.Deny("EVENTS");
        Assert.AreEqual(
            SnowflakeFault.Forbidden,
            (await Assert.ThrowsExactlyAsync<SnowflakeException>(() => channel.AppendAsync(Rows(0, 1), Stop))).Fault);
    }

    [TestMethod]
    public async Task OpenChannelAsync_WrongKey_SaysWhichFingerprintToLookFor()
    {
        Server.Keys.SetKeys(TestAccount.User);
        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(() => OpenAsync());

        Assert.AreEqual(SnowflakeFault.Unauthorized, failure.Fault);
        Assert.Contains(_account.Keys.Fingerprint, failure.Message);
    }

    [TestMethod]
    public async Task CheckHealthAsync_IdleChannelInvalidated_IsOpenedAnew()
    {
        await using var channel = await OpenAsync();
        await channel.AppendAsync(Rows(0, 9), Stop);
        await channel.FlushAsync(Stop);

        Server.Channels.Invalidate("EVENTS_P0");
        await _client.CheckHealthAsync(Stop);

        Assert.AreEqual(1, channel.TimesReopened);
    }

    [TestMethod]
    public async Task DropChannelAsync_Channel_LosesItsTokenAndKeepsItsRows()
    {
        await using (var before = await OpenAsync())
        {
            await before.AppendAsync(Rows(0, 4), Stop);
            await before.FlushAsync(Stop);
        }

        await _client.DropChannelAsync(Address, cancellationToken: Stop);

        Assert.IsEmpty(await _client.StatusAsync(Pipe, ["EVENTS_P0"], Stop));
        AssertStored(5);
    }

    private async Task StartAsync(EmulatorOptions options)
    {
        _account = await TestAccount.StartAsync(options);
        _client = _account.NewClient();
        Server.Database.Execute("CREATE TABLE EVENTS (ID NUMBER(38,0) NOT NULL)");
    }

    private async Task RestartAsync(EmulatorOptions options)
    {
        await StopAsync();
        await StartAsync(options);
    }

    /// <summary>Waits until a fault has happened so often, or the channel is open, or cannot be.</summary>
    private async Task CountedAsync(Fault fault, int times, Task opening)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (Server.Faults.Count(fault) < times && !opening.IsCompleted) await timer.WaitForNextTickAsync(Stop);
        Assert.IsGreaterThanOrEqualTo(times, Server.Faults.Count(fault), $"{opening.Exception}");
    }

    private Task<StreamingChannel> OpenAsync(OpenOptions? options = null) => _client.OpenChannelAsync(Address, options, Stop);

    private Task<long?> Highest(CancellationToken cancellationToken) =>
        Task.FromResult((long?)Server.Database.Read("SELECT max(ID) FROM EVENTS")[0][0]);

    private void AssertStored(long count, long from = 0)
    {
        var row = Server.Database.Read("SELECT count(*), count(DISTINCT ID), coalesce(min(ID), 0), coalesce(max(ID), 0) FROM EVENTS")[0];
        Assert.AreEqual((count, count, from, from + count - 1), ((long)row[0]!, (long)row[1]!, (long)row[2]!, (long)row[3]!));
    }
}
