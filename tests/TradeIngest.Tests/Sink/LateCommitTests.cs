using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Sink;

/// <summary>A sink over a warehouse that commits after it has accepted.</summary>
[TestClass]
public sealed class LateCommitTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly EmbeddedTradeLog _log;
    private readonly SqliteWarehouse _store;
    private readonly LateWarehouse _warehouse;

    public LateCommitTests()
    {
        _log = EmbeddedTradeLog.Open(
            _folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions { Partitions = 1 }, TimeProvider.System);
        _store = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), TimeProvider.System);
        _warehouse = new LateWarehouse(_store);
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task RunAsync_LastLoadIsNeverCommitted_IsReadAgainThoughNothingNewCame()
    {
        await AppendAsync();
        await using var sink = await OpenAsync();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = sink.RunAsync(stopping.Token);
        await _warehouse.Accepted;
        Assert.AreEqual((0L, 0L), (_metrics.Sink.Stored.Value, _metrics.Sink.Latency.Count), "Accepted is not stored.");

        _warehouse.Lose();
        await _warehouse.Stored.WaitAsync(Stop);
        await stopping.CancelAsync();
        await running;

        Assert.AreEqual(10, _metrics.Sink.Stored.Value);
        Assert.AreEqual(new IdRange(1, 10), (await _store.CoverageAsync(Stop)).Single().Covered.Single());
    }

    [TestMethod]
    public async Task DrainAsync_LastLoadIsNeverCommitted_EndsOnceItIs()
    {
        await AppendAsync();
        await using var sink = await OpenAsync();
        var draining = sink.DrainAsync(Stop);
        await _warehouse.Accepted;
        Assert.IsFalse(draining.IsCompleted);

        _warehouse.Lose();
        await draining;

        Assert.AreEqual((10L, 10L), (_metrics.Sink.Stored.Value, _metrics.Sink.Latency.Count));
    }

    private Task<TopicSink> OpenAsync() => TopicSink.OpenAsync(
            new TopicSinkParts(
                _log, _warehouse, new SymbolTable(), null, _metrics, IsReset: false,
                TimeProvider.System), Topics.StockTrades, NullLogger.Instance, Stop);

    private Task AppendAsync()
    {
        var symbol = new SymbolTable().Intern("BTCUSDT");
        return _log.AppendAsync(
            Topics.StockTrades, Stop, [.. Enumerable.Range(1, 10).Select(id => SinkRecords.Of(Batches.Trade(symbol, id)))]);
    }

    /// <summary>Accepts the first load without writing it, and loses it when told; later ones are written at once.</summary>
    private sealed class LateWarehouse(IWarehouse inner) : IWarehouse
    {
        private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _committing = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Accepted => _accepted.Task;

        public Task Stored => _stored.Task;

        public int RecordsPerLoad => inner.RecordsPerLoad;

        public void Lose() => _committing.SetException(new WarehouseException("the rows were lost", isTransient: true));

        public ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken) =>
            inner.PositionsAsync(cancellationToken);

        public async ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken)
        {
            if (!_committing.Task.IsCompleted) return new LoadOutcome(batch.Trades.Length, 0, 0);
            var outcome = await inner.LoadAsync(batch, cancellationToken);
            _stored.TrySetResult();
            return outcome;
        }

        public ValueTask CommittedAsync(LogPartition partition, long offset, CancellationToken cancellationToken)
        {
            if (_committing.Task.IsCompleted) return ValueTask.CompletedTask;
            _accepted.TrySetResult();
            return new ValueTask(_committing.Task);
        }

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
    }
}
