using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Sink;

[TestClass]
public sealed class TopicSinkTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SymbolTable _symbols = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly EmbeddedTradeLog _log;
    private readonly SqliteWarehouse _warehouse;

    public TopicSinkTests()
    {
        _log = EmbeddedTradeLog.Open(_folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions { Partitions = 2 }, _clock);
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task DrainAsync_WhatIsAppended_IsLoadedOnce()
    {
        await using var sink = await OpenAsync();
        await AppendTradesAsync(1, 10_000);
        await AppendTradesAsync(10_001, 20_000);

        await sink.DrainAsync(Stop);
        await sink.DrainAsync(Stop);

        Assert.AreEqual((20_000L, 0L, 0L), (_metrics.Sink.Stored.Value, _metrics.Sink.Duplicates.Value, _metrics.Sink.Rejected.Value));
        Assert.AreEqual(2, _metrics.Sink.Batches.Value);
        Assert.AreEqual(new IdRange(1, 20_000), await CoveredAsync());
    }

    [TestMethod]
    public async Task OpenAsync_AgainAfterSomeWereLoaded_GoesOnWhereTheWarehouseStands()
    {
        await AppendTradesAsync(1, 100);
        await using (var first = await OpenAsync()) await first.DrainAsync(Stop);
        await AppendTradesAsync(101, 150);

        await using var second = await OpenAsync();
        await second.DrainAsync(Stop);

        Assert.AreEqual((150L, 0L), (_metrics.Sink.Stored.Value, _metrics.Sink.Duplicates.Value));
        Assert.AreEqual(new IdRange(1, 150), await CoveredAsync());
    }

    [TestMethod]
    public async Task OpenAsync_LogMadeAnew_ReadsItFromItsStart()
    {
        await AppendTradesAsync(1, 100);
        await using (var sink = await OpenAsync()) await sink.DrainAsync(Stop);
        await using var anew = EmbeddedTradeLog.Open(_folder["anew.db"], new EmbeddedTradeLogOptions { Partitions = 2 }, _clock);
        await AppendTradesAsync(90, 120, anew);

        await using var other = await TopicSink.OpenAsync(
            new TopicSinkParts(
                anew, _warehouse, _symbols, null, _metrics, IsReset: false, _clock), Topics.StockTrades, NullLogger.Instance, Stop);
        await other.DrainAsync(Stop);

        Assert.AreEqual((120L, 11L), (_metrics.Sink.Stored.Value, _metrics.Sink.Duplicates.Value));
    }

    [TestMethod]
    public async Task OpenAsync_PartlyTrimmedLogNeverReadBefore_StartsWithTheFirstRecordKept()
    {
        await AppendTradesAsync(1, 100);
        await AppendTradesAsync(101, 200);
        _clock.Advance(TimeSpan.FromDays(30));
        await _log.TrimAsync(Topics.StockTrades, Partition, 100, new TrimPolicy(MaxBytes: 0), Stop);

        await using var sink = await OpenAsync();
        await sink.DrainAsync(Stop);

        Assert.AreEqual(new IdRange(101, 200), await CoveredAsync());
    }

    [TestMethod]
    public async Task DrainAsync_WarehouseStandsBeforeTheFirstRecordKept_IsRefused()
    {
        await AppendTradesAsync(1, 10);
        await using (var first = await OpenAsync()) await first.DrainAsync(Stop);
        await AppendTradesAsync(11, 20);
        await AppendTradesAsync(21, 30);
        await _log.TrimAsync(Topics.StockTrades, Partition, 20, new TrimPolicy(MaxBytes: 0), Stop);

        await using var sink = await OpenAsync();

        await Assert.ThrowsExactlyAsync<LogException>(() => sink.DrainAsync(Stop));
        Assert.AreEqual(new IdRange(1, 10), await CoveredAsync());
    }

    [TestMethod]
    public async Task RunAsync_Appends_AreLoadedAsTheyComeUntilCanceled()
    {
        await using var sink = await OpenAsync();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = sink.RunAsync(stopping.Token);
        for (var batch = 0; batch < 5; batch++)
        {
            await AppendTradesAsync((batch * 10) + 1, (batch * 10) + 10);
            await Until(() => _metrics.Sink.Stored.Value == (batch + 1) * 10);
        }

        await stopping.CancelAsync();
        await running;

        await AppendTradesAsync(51, 60);
        Assert.AreEqual(50, _metrics.Sink.Stored.Value);
        await sink.DrainAsync(Stop);
        Assert.AreEqual(new IdRange(1, 60), await CoveredAsync());
    }

    [TestMethod]
    public async Task RunAsync_WarehouseFails_EndsWithItsException()
    {
        await using var sink = await TopicSink.OpenAsync(
            new TopicSinkParts(
                _log, new FailingWarehouse(), _symbols, null, _metrics, IsReset: false,
                _clock), Topics.StockTrades, NullLogger.Instance, Stop);
        await AppendTradesAsync(1, 10);

        var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => sink.RunAsync(Stop));

        Assert.AreEqual(StorageFault.Full, failure.Fault);
        Assert.AreEqual(0, _metrics.Sink.Batches.Value);
    }

    [TestMethod]
    public async Task DrainAsync_WarehouseFailsForAWhile_GoesOnFromItsPositions()
    {
        var warehouse = new AbsentMindedWarehouse(_warehouse);
        await using var sink = await TopicSink.OpenAsync(
            new TopicSinkParts(
                _log, warehouse, _symbols, null, _metrics, IsReset: false,
                TimeProvider.System), Topics.StockTrades, NullLogger.Instance, Stop);
        await AppendTradesAsync(1, 10);

        await sink.DrainAsync(Stop);

        Assert.AreEqual(0, warehouse.FailuresLeft);
        Assert.AreEqual(new IdRange(1, 10), await CoveredAsync());
        Assert.AreEqual((10L, 0L), (_metrics.Sink.Stored.Value, _metrics.Sink.Duplicates.Value));
    }

    [TestMethod]
    public async Task DrainAsync_DeadLetters_BecomeRejectionsAndAReplayedOneIsADuplicate()
    {
        await using var letters = await OpenAsync(Topics.DeadLetters);
        await _log.AppendAsync(
            Topics.DeadLetters,
            Stop,
            SinkRecords.Letter([1], "a.csv line 7", IngestSource.Replay),
            SinkRecords.Letter([2]),
            SinkRecords.Letter([1], "a.csv line 7", IngestSource.Replay),
            [.. "no letter"u8]);

        await letters.DrainAsync(Stop);

        Assert.AreEqual((0L, 1L, 3L), (_metrics.Sink.Stored.Value, _metrics.Sink.Duplicates.Value, _metrics.Sink.Rejected.Value));
        Assert.IsEmpty(await _warehouse.CoverageAsync(Stop));
    }

    [TestMethod]
    public async Task DrainAsync_BothTopics_KeepPositionsOfTheirOwn()
    {
        await using var trades = await OpenAsync();
        await using var letters = await OpenAsync(Topics.DeadLetters);
        await AppendTradesAsync(1, 10);
        await _log.AppendAsync(Topics.DeadLetters, Stop, SinkRecords.Letter([1]));

        await trades.DrainAsync(Stop);
        await letters.DrainAsync(Stop);

        var positions = await _warehouse.PositionsAsync(Stop);
        Assert.AreEqual(10, positions[new LogPartition(_log.Epoch, Topics.StockTrades, Partition)]);
        Assert.AreEqual(1, positions[new LogPartition(_log.Epoch, Topics.DeadLetters, Partition)]);
    }

    [TestMethod]
    public async Task DrainAsync_LiveTrades_CountsFromEventTimeToCommitAndLeavesOthersOut()
    {
        await using var sink = await OpenAsync();
        var now = Timestamp.Now(_clock);
        var live = Batches.Trade(_symbols.Intern("BTCUSDT"), 1) with
        {
            EventTime = now + TimeSpan.FromMilliseconds(-40),
            ReceivedTime = now,
        };
        var ahead = live with { TradeId = 2, EventTime = now + TimeSpan.FromMilliseconds(5) };
        var backfilled = live with { TradeId = 3, EventTime = now + TimeSpan.FromDays(-1), Source = IngestSource.Backfill };
        var replayed = backfilled with { TradeId = 4, Source = IngestSource.Replay };
        await _log.AppendAsync(
            Topics.StockTrades, Stop, SinkRecords.Of(live), SinkRecords.Of(ahead), SinkRecords.Of(backfilled), SinkRecords.Of(replayed));
        _clock.Advance(TimeSpan.FromMilliseconds(2));

        await sink.DrainAsync(Stop);

        Assert.AreEqual(4, _metrics.Sink.Stored.Value);
        Assert.AreEqual((2L, 42_000L), (_metrics.Sink.Latency.Count, _metrics.Sink.Latency.Max));
        Assert.AreEqual(0, _metrics.Sink.Latency.Percentile(0.5), "A clock that is behind the exchange's counts as no time.");
    }

    private static int Partition => Partitioner.Of("key"u8, 2);

    private Task<TopicSink> OpenAsync(string topic = Topics.StockTrades) =>
        TopicSink.OpenAsync(
            new TopicSinkParts(_log, _warehouse, _symbols, null, _metrics, IsReset: false, _clock), topic, NullLogger.Instance, Stop);

    private Task AppendTradesAsync(long from, long to, EmbeddedTradeLog? log = null)
    {
        var symbol = _symbols.Intern("BTCUSDT");
        var values = new byte[to - from + 1][];
        for (var id = from; id <= to; id++) values[id - from] = SinkRecords.Of(Batches.Trade(symbol, id));
        return (log ?? _log).AppendAsync(Topics.StockTrades, Stop, values);
    }

    private async Task<IdRange> CoveredAsync() => (await _warehouse.CoverageAsync(Stop)).Single().Covered.Single();

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class FailingWarehouse : IWarehouse
    {
        public int RecordsPerLoad => 100;

        public ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken) =>
            new(new Dictionary<LogPartition, long>());

        public ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken) =>
            throw new StorageException(StorageFault.Full, "full");

        public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<long> RevisionAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(
            ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>Fails a load, then does not say where it stands, then is well.</summary>
    private sealed class AbsentMindedWarehouse(IWarehouse inner) : IWarehouse
    {
        public int FailuresLeft { get; private set; } = 2;

        public int RecordsPerLoad => inner.RecordsPerLoad;

        public ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken) =>
            FailuresLeft == 1 ? throw Failure() : inner.PositionsAsync(cancellationToken);

        public ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken) =>
            FailuresLeft > 0 ? throw Failure() : inner.LoadAsync(batch, cancellationToken);

        public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
            inner.ApplyAsync(changes, cancellationToken);

        public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken) =>
            inner.ChangesAsync(source, cancellationToken);

        public ValueTask<long> RevisionAsync(CancellationToken cancellationToken) => inner.RevisionAsync(cancellationToken);

        public ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(
            ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken) =>
            inner.ContentsAsync(trades, cancellationToken);

        public ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken) =>
            inner.CoverageAsync(cancellationToken);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private WarehouseException Failure()
        {
            FailuresLeft--;
            return new WarehouseException("not now", isTransient: true);
        }
    }
}
