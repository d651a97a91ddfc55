using System.Collections.Immutable;
using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>Sinks of one group over one warehouse, on mock brokers.</summary>
[TestClass]
public sealed class SinkGroupTests : IAsyncDisposable
{
    private const int Partitions = 6;

    // Their keys fall on five of the six partitions, so that each of three members has some of them.
    private static readonly string[] Tickers = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "DOTUSDT", "LTCUSDT", "SUIUSDT", "XRPUSDT", "AAVEUSDT"];

    private readonly TemporaryFolder _folder = new();
    private readonly TestCluster _cluster = new();
    private readonly SymbolTable _symbols = new();
    private readonly List<GroupMember> _sinks = [];
    private readonly SqliteWarehouse _warehouse;
    private KafkaTradeLog? _log;

    public SinkGroupTests() =>
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), TimeProvider.System);

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    private KafkaTradeLog Log => _log!;

    public async ValueTask DisposeAsync()
    {
        if (_log is not null) await _log.DisposeAsync();
        await _warehouse.DisposeAsync();
        _cluster.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task Group_MembersJoinAndLeaveUnderLoad_EachTradeIsStoredOnce()
    {
        await OpenAsync();
        await DescribeAsync(Tickers);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var producing = Task.Run(() => ProduceUntilAsync(enough.Token), Stop);

        var members = new List<GroupMember> { await JoinAsync() };
        await UntilAsync(() => members[0].Metrics.Stored.Value > 0);
        members.Add(await JoinAsync());
        members.Add(await JoinAsync());
        await UntilAsync(() => members.TrueForAll(member => member.Trades.Held > 0 && member.Metrics.Stored.Value > 0));
        await members[0].LeaveAsync();
        await UntilAsync(() => members[1].Trades.Held + members[2].Trades.Held == Partitions);
        await enough.CancelAsync();
        var perSymbol = await producing;
        await UntilAsync(async () => await CoveredAsync() == Tickers.Length * perSymbol);

        Assert.AreEqual(Tickers.Length * perSymbol, members.Sum(member => member.Metrics.Stored.Value));
        Assert.AreEqual(0, members.Sum(member => member.Metrics.Duplicates.Value));
        foreach (var symbol in await _warehouse.CoverageAsync(Stop))
        {
            Assert.AreEqual(new IdRange(1, perSymbol), symbol.Covered.Single());
        }

        foreach (var member in members) await member.DisposeAsync();
    }

    [TestMethod]
    public async Task Join_AfterAnotherSinkStopped_GoesOnWhereTheWarehouseStands()
    {
        await OpenAsync();
        await DescribeAsync(Tickers);
        await ProduceAsync(1, 100);
        await using (var first = await JoinAsync()) await UntilAsync(async () => await CoveredAsync() == Tickers.Length * 100);
        await ProduceAsync(101, 200);

        await using var second = await JoinAsync();
        await UntilAsync(async () => await CoveredAsync() == Tickers.Length * 200);

        Assert.AreEqual((Tickers.Length * 100L, 0L), (second.Metrics.Stored.Value, second.Metrics.Duplicates.Value));
    }

    [TestMethod]
    public async Task Load_SymbolDescribedBeforeItsFirstTrade_IsNotInferred()
    {
        await OpenAsync();
        await using var sink = await JoinAsync();

        await DescribeAsync("BTCUSDT");
        await ProduceAsync(1, 10, "BTCUSDT");
        await UntilAsync(async () => await CoveredAsync() == 10);

        Assert.HasCount(1, await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop));
        Assert.IsEmpty(await _warehouse.ChangesAsync(ChangeSource.Inferred, Stop));
    }

    [TestMethod]
    public async Task Running_WarehouseGone_FailsThoughTheOtherLoopsGoOn()
    {
        await OpenAsync();
        await DescribeAsync("BTCUSDT");
        await using var sink = await JoinAsync();
        await _warehouse.DisposeAsync();

        await ProduceAsync(1, 10, "BTCUSDT");

        await Assert.ThrowsAsync<Exception>(() => sink.Running.WaitAsync(Patience.Limit, Stop));
        Assert.IsTrue(sink.Running.IsFaulted);
    }

    [TestMethod]
    public async Task Start_PositionsBeyondTheTopic_AreRefusedUntilReset()
    {
        await OpenAsync();
        await DescribeAsync(Tickers);
        await ProduceAsync(1, 50);
        await using (var sink = await JoinAsync()) await UntilAsync(async () => await CoveredAsync() == Tickers.Length * 50);

        // Another cluster: same names, nothing of what the warehouse knows.
        using var other = new TestCluster();
        await using var log = await OpenAsync(other);
        var failure = await Assert.ThrowsExactlyAsync<LogException>(
            () => GroupMember.JoinAsync(log, _warehouse, isReset: false, Stop));
        StringAssert.Contains(failure.Message, "--reset");
        await DescribeAsync(log, Tickers);
        await ProduceAsync(log, 41, 60, Tickers);

        await using var reset = await GroupMember.JoinAsync(log, _warehouse, isReset: true, Stop);
        await UntilAsync(async () => await CoveredAsync() == Tickers.Length * 60);

        Assert.AreEqual((Tickers.Length * 10L, Tickers.Length * 10L), (reset.Metrics.Stored.Value, reset.Metrics.Duplicates.Value));
    }

    [TestMethod]
    public async Task Load_RecordsOfALaterContractVersion_AreRejectedByName()
    {
        await OpenAsync();
        await DescribeAsync("BTCUSDT");
        var value = Batches.Trade(_symbols.Intern("BTCUSDT"), 1);
        var bytes = new byte[TradeJson.MaxLength];
        var text = System.Text.Encoding.UTF8.GetString(bytes.AsSpan(0, TradeJson.Write(value, bytes)));
        using var batch = new RecordBatch();
        batch.Add("BTCUSDT"u8, System.Text.Encoding.UTF8.GetBytes(text.Insert(1, "\"added\":{\"later\":[1]},")));
        batch.Add(
            "BTCUSDT"u8, System.Text.Encoding.UTF8.GetBytes(text.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal)));
        await Log.AppendAsync(Topics.StockTrades, batch, Stop);

        await using var sink = await JoinAsync();
        await UntilAsync(() => sink.Metrics is { Stored.Value: 1, Rejected.Value: 1 });

        using var database = SqliteDatabase.OpenForReading(_folder[SqliteWarehouse.FileName]);
        using var rejected = database.Prepare("SELECT error_reason FROM REJECTED_TRADES");
        Assert.IsTrue(rejected.Step());
        Assert.AreEqual("unknown_contract_version", rejected.GetText(0));
        rejected.Reset();
    }

    [TestMethod]
    public async Task Load_LargeRecords_IsBoundedInBytes()
    {
        const int Size = 900_000;
        await OpenAsync();
        for (var append = 0; append < 6; append++)
        {
            using var batch = new RecordBatch();
            for (var i = 0; i < 10; i++) batch.Add("BTCUSDT"u8, new byte[Size]);
            await Log.AppendAsync(Topics.StockTrades, batch, Stop);
        }

        var loads = new CountingHandler(Partitions);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await using var consumer = new KafkaGroupConsumer(
            Log, Topics.StockTrades, loads, new ConsumerMetrics(new TradeIngestMetrics(), Topics.StockTrades), NullLogger.Instance);
        var running = consumer.RunAsync(stopping.Token);
        await UntilAsync(() => loads.Records.Sum() == 60);
        await stopping.CancelAsync();
        await running;

        Assert.IsLessThan(ConsumedBatch.MaxBytes + Size, loads.Records.Max() * Size);
    }

    private async Task OpenAsync() => _log = await OpenAsync(_cluster);

    private Task<KafkaTradeLog> OpenAsync(TestCluster cluster) => cluster.OpenAsync(
        TimeProvider.System, Stop, (Topics.StockTrades, Partitions), (Topics.DeadLetters, Partitions), (Topics.SymbolChanges, 1));

    private async Task<GroupMember> JoinAsync()
    {
        var sink = await GroupMember.JoinAsync(Log, _warehouse, isReset: false, Stop);
        _sinks.Add(sink);
        return sink;
    }

    private Task DescribeAsync(params string[] tickers) => DescribeAsync(Log, tickers);

    private async Task DescribeAsync(KafkaTradeLog log, string[] tickers)
    {
        await using var changes = new SymbolChangesTopic(log, new TradeIngestMetrics());
        await changes.ApplyAsync(
            [
                .. tickers.Select((ticker, i) => new SymbolChange(
                    ChangeSource.ExchangeInfo, i, new NaturalKey(
                        Exchange.Binance, ticker), ChangeOperation.Upsert, Timestamp.Epoch, Timestamp.Epoch,
                    ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(SymbolAttribute.QuoteAsset, "USDT"))),
            ],
            Stop);
    }

    private Task ProduceAsync(long from, long to, params string[] tickers) =>
        ProduceAsync(Log, from, to, tickers.Length == 0 ? Tickers : tickers);

    /// <summary>Some thousand trades a second, fewer than the mock brokers forget.</summary>
    private async Task<long> ProduceUntilAsync(CancellationToken enough)
    {
        const int PerTick = 5;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (long id = 1; ; id += PerTick)
        {
            if (enough.IsCancellationRequested) return id - 1;
            await ProduceAsync(id, id + PerTick - 1);
            await timer.WaitForNextTickAsync(Stop);
        }
    }

    private async Task ProduceAsync(KafkaTradeLog log, long from, long to, string[] tickers)
    {
        const int PerAppend = 100;
        using var batch = new RecordBatch();
        for (var id = from; id <= to; id++)
        {
            foreach (var ticker in tickers)
            {
                var symbol = _symbols.Intern(ticker);
                batch.End(TradeJson.Write(Batches.Trade(symbol, id), batch.Begin(symbol.Utf8, TradeJson.MaxLength)));
            }

            if (id % PerAppend != 0 && id != to) continue;
            await log.AppendAsync(Topics.StockTrades, batch, Stop);
            batch.Clear();
        }
    }

    private async Task<long> CoveredAsync() => (await _warehouse.CoverageAsync(Stop)).Sum(symbol => symbol.Count(CoverageState.Stored));

    private Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>Waits, and fails with the failure of a sink rather than with its own patience.</summary>
    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = Patience.Start();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!await condition())
        {
            foreach (var sink in _sinks) if (sink.Running.IsFaulted) await sink.Running;
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    /// <summary>A sink that runs until it leaves.</summary>
    private sealed class GroupMember : IAsyncDisposable
    {
        private readonly SymbolGate _gate;
        private readonly WarehouseSink _sink;
        private readonly CancellationTokenSource _leaving = new();

        private GroupMember(SymbolGate gate, WarehouseSink sink, SinkMetrics metrics)
        {
            _gate = gate;
            _sink = sink;
            Metrics = metrics;
            Running = sink.RunAsync(_leaving.Token);
        }

        public SinkMetrics Metrics { get; }

        public ConsumerMetrics Trades => _sink.Trades.Metrics;

        public Task Running { get; }

        public static async Task<GroupMember> JoinAsync(
            KafkaTradeLog log, IWarehouse warehouse, bool isReset, CancellationToken cancellationToken)
        {
            var metrics = new TradeIngestMetrics();
            var gate = new SymbolGate(log, warehouse, metrics, TimeProvider.System, NullLogger<SymbolGate>.Instance);
            var parts = new TopicSinkParts(log, warehouse, new SymbolTable(), gate, metrics, isReset, TimeProvider.System);
            return new GroupMember(
                gate, await WarehouseSink.OpenAsync(parts, null, NullLoggerFactory.Instance, cancellationToken), metrics.Sink);
        }

        public async Task LeaveAsync()
        {
            await _leaving.CancelAsync();
            await Running;
        }

        public async ValueTask DisposeAsync()
        {
            await _leaving.CancelAsync();
            await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _sink.DisposeAsync();
            await _gate.DisposeAsync();
            _leaving.Dispose();
        }
    }
}
