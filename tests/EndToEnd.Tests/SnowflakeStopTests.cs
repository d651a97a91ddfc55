using Crypto.SnowflakeEmulator;
using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Sink;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;
using Crypto.Warehouse.Tests;
using Crypto.Warehouse.Tests.Snowflake;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// What a sink must not go on from: it stops, says what is wrong and which command puts it right, appends nothing however often it is
/// started, and loads the rest once each after that command.
/// </summary>
[TestClass]
public sealed class SnowflakeStopTests : IAsyncDisposable
{
    private const string Raw = "STOCK_TRADES_RAW";
    private const string Facts = "FACT_TRADES";

    private readonly TemporaryFolder _folder = new();
    private readonly SymbolTable _symbols = new();
    private TestAccount _account = null!;
    private EmbeddedTradeLog _log = null!;
    private TopicLog _topic = null!;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    private EmulatedSnowflake Server => _account.Server;

    private string Channel => ChannelName.Of(_topic.EpochOf(Topics.StockTrades), Topics.StockTrades, Partitioner.Of("key"u8, 2));

    [TestInitialize]
    public async Task StartAsync()
    {
        _account = await TestAccount.StartAsync();
        await _account.MigrateAsync(Stop);
        _log = EmbeddedTradeLog.Open(_folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions { Partitions = 2 }, _account.Clock);
        _topic = new TopicLog(_log, "kafka:cluster/topic-1");
        await AppendAsync(1, 10);
        await DrainAsync();
        AssertLoaded(10);
    }

    public async ValueTask DisposeAsync()
    {
        await _topic.DisposeAsync();
        await _log.DisposeAsync();
        await _account.DisposeAsync();
        _folder.Dispose();
        Assert.IsEmpty(Server.Untranslated);
    }

    [TestMethod]
    [DataRow(Raw, "999")]
    [DataRow(Raw, "offset-9")]
    [DataRow(Raw, "3")]
    [DataRow(Facts, "999")]
    [DataRow(Facts, "offset-9")]
    [DataRow(Facts, "3")]
    public async Task Drain_TokenThatCannotBeExplained_Stops(string table, string token)
    {
        Server.Channels.Tamper(Channel, token, table);
        await AppendAsync(11, 20);

        await AssertStopsAsync(
            Channel, token, $"STREAMING_DB.PUBLIC.{table}", $"trade-ingest migrate --target snowflake --drop-channel {Channel}");

        await DropChannelAsync();
        await DrainAsync();
        AssertLoaded(20);
    }

    [TestMethod]
    public async Task Drain_TopicMadeAnew_Stops()
    {
        await using var anew = EmbeddedTradeLog.Open(_folder["anew.db"], new EmbeddedTradeLogOptions { Partitions = 2 }, _account.Clock);
        var before = Channel;
        _topic = new TopicLog(anew, "kafka:cluster/topic-2");
        await AppendAsync(8, 20);

        await AssertStopsAsync("stock_trades", "kafka:cluster/topic-1", "kafka:cluster/topic-2", "trade-ingest run --reset");

        // What --reset does: the topic's first record, a channel of its own, and trades that are there already are not stored again.
        await using var warehouse = await _account.OpenWarehouseAsync();
        var positions = await SinkPositions.ResumeAsync(_topic, Topics.StockTrades, warehouse, reset: true, Stop);
        Assert.AreEqual(("kafka:cluster/topic-2", 0L, 0L), (positions.Epoch, positions.Next[0], positions.Next[1]));
        await using var reader = _topic.OpenReader(Topics.StockTrades, positions.Next);
        using var decoder = new BatchDecoder(positions.Epoch, Topics.StockTrades, _symbols);
        var outcome = await warehouse.LoadAsync(decoder.Decode(reader.TryRead(1000)!), Stop);
        Assert.AreEqual((10L, 3L), (outcome.Stored, outcome.Duplicates));
        Assert.AreNotEqual(before, Channel);
        Assert.Contains(Channel, Server.Channels.Names);
        Assert.AreEqual((20L, 20L), (Count(Facts), Count("(SELECT DISTINCT FACT_ID FROM FACT_TRADES)")));
    }

    [TestMethod]
    [DataRow(Raw)]
    [DataRow(Facts)]
    public async Task Drain_TableReplaced_Stops(string table)
    {
        Replace(table);
        await AppendAsync(11, 20);

        await AssertStopsAsync(
            Channel, $"STREAMING_DB.PUBLIC.{table}", $"UNDROP TABLE STREAMING_DB.PUBLIC.{table};",
            "trade-ingest migrate --target snowflake --reload");

        await ReloadAsync();
        await DrainAsync();
        AssertLoaded(20);
        await AssertSoundAsync();
    }

    [TestMethod]
    [DataRow(Raw)]
    [DataRow(Facts)]
    public async Task Drain_TableReplacedWhileItIsLoaded_Stops(string table)
    {
        await using var warehouse = await _account.OpenWarehouseAsync();
        await using var sink = await SinkAsync(warehouse);
        await AppendAsync(11, 15);
        await sink.DrainAsync(Stop);
        Replace(table);
        await AppendAsync(16, 20);

        var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(() => sink.DrainAsync(Stop));

        Assert.IsFalse(failure.IsTransient);
        Assert.Contains($"STREAMING_DB.PUBLIC.{table}", failure.Message);
        Assert.AreEqual(0, Count(table));
        await AssertStopsAsync(Channel, $"STREAMING_DB.PUBLIC.{table}", "--reload");
    }

    [TestMethod]
    [DataRow(Raw)]
    [DataRow(Facts)]
    public async Task Drain_TableDroppedBeforeAnythingWasNoted_StopsUntilMigrated(string table)
    {
        await ReloadAsync();
        Server.Database.Execute($"DROP TABLE {table}");
        await AppendAsync(11, 20);

        await AssertStopsAsync($"STREAMING_DB.PUBLIC.{table}", "trade-ingest migrate --target snowflake");

        await using (var sql = _account.NewSql())
        {
            var applied = await new SnowflakeMigrator(sql, new ObjectNames(), _account.Clock).MigrateAsync(Stop);
            Assert.AreEqual("V0001__tables.sql R__grants.sql", string.Join(' ', applied));
        }

        await DrainAsync();
        AssertLoaded(20);
        await AssertSoundAsync();
    }

    [TestMethod]
    [DataRow(Raw, "GRANT INSERT, SELECT ON TABLE STREAMING_DB.PUBLIC.STOCK_TRADES_RAW TO ROLE TS_TRANSFORM;")]
    [DataRow(Facts, "GRANT INSERT, SELECT ON TABLE STREAMING_DB.PUBLIC.FACT_TRADES TO ROLE TS_TRANSFORM;")]
    [DataRow("LOG_POSITIONS", "GRANT SELECT ON TABLE STREAMING_DB.PUBLIC.LOG_POSITIONS TO ROLE TS_TRANSFORM;")]
    [DataRow("WAREHOUSE_REVISION", "GRANT SELECT ON TABLE STREAMING_DB.PUBLIC.WAREHOUSE_REVISION TO ROLE TS_TRANSFORM;")]
    public async Task Drain_PrivilegeMissing_Stops(string denied, string grant)
    {
        Server.Deny(denied);
        await AppendAsync(11, 20);

        await AssertStopsAsync(denied, grant);

        Server.Allow(denied);
        await DrainAsync();
        AssertLoaded(20);
    }

    [TestMethod]
    [DataRow(Raw)]
    [DataRow(Facts)]
    public async Task Drain_PrivilegeTakenWhileItIsLoaded_Stops(string denied)
    {
        await using var warehouse = await _account.OpenWarehouseAsync();
        await using var sink = await SinkAsync(warehouse);
        await AppendAsync(11, 15);
        await sink.DrainAsync(Stop);
        Server.Deny(denied);
        await AppendAsync(16, 20);

        var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(() => sink.DrainAsync(Stop));

        Assert.IsFalse(failure.IsTransient);
        Assert.Contains($"GRANT INSERT, SELECT ON TABLE STREAMING_DB.PUBLIC.{denied} TO ROLE TS_TRANSFORM;", failure.Message);
        await AssertStopsAsync($"GRANT INSERT, SELECT ON TABLE STREAMING_DB.PUBLIC.{denied}");
        Server.Allow(denied);
        await DrainAsync();
        AssertLoaded(20);
    }

    [TestMethod]
    public async Task Drain_LastCheckpointIsRefused_Throws()
    {
        await AppendAsync(11, 20);
        await using var sql = new RefusingSql(_account.NewSql(), refusals: int.MaxValue, SnowflakeFault.Forbidden);
        await using var warehouse = await _account.OpenWarehouseAsync(TimeSpan.FromHours(1), sql: sql);
        await using var sink = await SinkAsync(warehouse);

        var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(() => sink.DrainAsync(Stop));

        Assert.Contains("no checkpoint today", failure.Message);
    }

    [TestMethod]
    public async Task Drain_LastCheckpointFailsForNow_EndsOnceTheNextStartGoesOnBehindIt()
    {
        await AppendAsync(11, 20);
        await using (var sql = new RefusingSql(_account.NewSql(), refusals: 1, SnowflakeFault.Unreachable))
        {
            await using var warehouse = await _account.OpenWarehouseAsync(TimeSpan.FromHours(1), sql: sql);
            await using var sink = await SinkAsync(warehouse);
            await sink.DrainAsync(Stop);
            Assert.AreEqual(1, sql.Refused);
        }

        AssertLoaded(20);
        await using var next = await _account.OpenWarehouseAsync();
        var stands = SinkPositions.Current(await next.PositionsAsync(Stop), _topic, Topics.StockTrades);
        var partition = Partitioner.Of("key"u8, 2);
        Assert.AreEqual((await _topic.OffsetsAsync(Topics.StockTrades, partition, Stop)).Next, stands[partition]);
    }

    /// <summary>
    /// Starts a sink again and again: each time it stops with the same message, which names all of these, and no row comes in.
    /// </summary>
    private async Task AssertStopsAsync(params string[] named)
    {
        var before = (Server.Channels.Appends, Count(Raw), Count(Facts));
        for (var start = 0; start < 3; start++)
        {
            var failure = await Assert.ThrowsAsync<Exception>(DrainAsync);
            Assert.IsTrue(failure is LogException or WarehouseException { IsTransient: false }, failure.ToString());
            foreach (var name in named) Assert.Contains(name, failure.Message);
            if (start == 0) TestContext.WriteLine(failure.Message);
        }

        Assert.AreEqual(before, (Server.Channels.Appends, Count(Raw), Count(Facts)));
    }

    private async Task DrainAsync()
    {
        await using var warehouse = await _account.OpenWarehouseAsync();
        await using var sink = await SinkAsync(warehouse);
        await sink.DrainAsync(Stop);
    }

    private Task<TopicSink> SinkAsync(IWarehouse warehouse) =>
        TopicSink.OpenAsync(
            new TopicSinkParts(
                _topic, warehouse, _symbols, null, new TradeIngestMetrics(), IsReset: false,
                _account.Clock), Topics.StockTrades, NullLogger.Instance, Stop);

    private Task AppendAsync(long from, long to)
    {
        var symbol = _symbols.Intern("BTCUSDT");
        return _topic.AppendAsync(Topics.StockTrades, Stop, [.. TestTrades.Range(symbol, from, to).Select(trade => SinkRecords.Of(trade))]);
    }

    private void Replace(string table)
    {
        var definition = SqlScript.All(new ObjectNames()).SelectMany(script => SqlScript.Statements(script.Text))
            .Single(statement => statement.Contains($"CREATE TABLE IF NOT EXISTS {table} ", StringComparison.Ordinal));
        Server.Database.Execute(definition.Replace("CREATE TABLE IF NOT EXISTS", "CREATE OR REPLACE TABLE", StringComparison.Ordinal));
    }

    // What migrate --drop-channel and --reload do.
    private async Task DropChannelAsync()
    {
        await using var streaming = _account.NewClient();
        foreach (var table in new[] { Raw, Facts })
        {
            await streaming.DropChannelAsync(
                new ChannelAddress(PipeAddress.OfTable("STREAMING_DB", "PUBLIC", table), Channel), cancellationToken: Stop);
        }
    }

    private async Task ReloadAsync()
    {
        await using var sql = _account.NewSql();
        await using var streaming = _account.NewClient();
        CollectionAssert.AreEqual(
            new[] { Channel }, (await new SnowflakeReload(sql, streaming, new ObjectNames()).RunAsync(Stop)).ToArray());
    }

    private async Task AssertSoundAsync()
    {
        await using var sql = _account.NewSql();
        foreach (var audit in await new SnowflakeAudits(sql, new SnowflakeWarehouseOptions()).RunAsync(Stop))
        {
            Assert.IsTrue(audit.Passed, $"{audit.Name}: {string.Join("; ", audit.Failing)}");
        }
    }

    private void AssertLoaded(long trades)
    {
        foreach (var table in new[] { Raw, Facts })
        {
            Assert.AreEqual((trades, trades), (Count(table), Count($"(SELECT DISTINCT LOG_OFFSET FROM {table})")), table);
        }
    }

    // A table that is gone has no rows.
    private long Count(string table) =>
        table[0] != '(' && Server.Database.Read($"SELECT 1 FROM sqlite_master WHERE name = '{table}'").Count == 0
        ? 0
        : (long)Server.Database.Read($"SELECT COUNT(*) FROM {table}")[0][0]!;

    /// <summary>Refuses checkpoints, some times or always.</summary>
    private sealed class RefusingSql(ISnowflakeSql inner, int refusals, SnowflakeFault fault) : ISnowflakeSql
    {
        public int Refused { get; private set; }

        public Task<SqlResult> ExecuteAsync(string sql, IReadOnlyList<SqlBind> binds, CancellationToken cancellationToken = default)
        {
            if (Refused == refusals || !sql.StartsWith("CALL CHECKPOINT_LOAD", StringComparison.Ordinal))
            {
                return inner.ExecuteAsync(sql, binds, cancellationToken);
            }

            Refused++;
            return Task.FromException<SqlResult>(new SnowflakeException(fault, "no checkpoint today"));
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>A log whose topic has an identity of its own, as Kafka's have.</summary>
    private sealed class TopicLog(ITradeLog log, string epoch) : ITradeLog
    {
        public string Epoch => epoch.Split('/')[0];

        public int Partitions => log.Partitions;

        public string EpochOf(string topic) => epoch;

        public ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken) =>
            log.AppendAsync(topic, records, cancellationToken);

        public ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions) => log.OpenReader(topic, positions);

        public ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken) =>
            log.OffsetsAsync(topic, partition, cancellationToken);

        public ValueTask<long> TrimAsync(
            string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken) =>
            log.TrimAsync(topic, partition, keepFrom, policy, cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
