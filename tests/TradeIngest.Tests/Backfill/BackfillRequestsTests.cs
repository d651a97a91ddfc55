using System.Reactive.Linq;
using Crypto.TestSupport;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Hosting;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Backfill;

/// <summary>Requests in the folder of a service, with its pipeline behind.</summary>
[TestClass]
public sealed class BackfillRequestsTests : IAsyncDisposable
{
    private readonly TemporaryFolder _temporary = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly FakeHistory _history = new();
    private readonly MemoryLog _log = new();
    private readonly SymbolTable _symbols = new();
    private readonly BackfillFolder _folder;
    private readonly IngestPipeline _pipeline;
    private readonly CancellationTokenSource _stop = new();
    private Task _writing = Task.CompletedTask;

    public BackfillRequestsTests()
    {
        _folder = new BackfillFolder(_temporary["backfill"]);
        _pipeline = new IngestPipeline(
            _log, new TradeChannelOptions(), new ContinuityTracker(_metrics), ledger: null, _metrics, TimeProvider.System,
            NullLoggerFactory.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _pipeline.Complete();
        await _writing;
        _pipeline.Dispose();
        _stop.Dispose();
        await _log.DisposeAsync();
        _temporary.Dispose();
    }

    [TestMethod]
    public async Task Run_Request_IsRemovedWhenItsTradesAreInTheLog()
    {
        var id = _folder.Submit(Ids(1, 2500), TimeProvider.System);
        await using var running = Run(_history, isWriting: false);

        // All is fetched, and waits for the log.
        await Patience.UntilAsync(() => _metrics.Backfill.Fetched.Value == 2500, _stop.Token);
        Assert.IsTrue(_folder.Has(id));
        Write();

        await Patience.UntilAsync(() => !_folder.Has(id), _stop.Token);
        Assert.AreEqual(2500, _metrics.Log.Trades.Value);
        var report = _folder.Read(id)!;
        Assert.AreEqual((BackfillState.Done, 2500, 0), (report.State, report.Trades, report.ExitCode));
    }

    [TestMethod]
    public async Task Run_FileThatIsNoRequest_IsSetAsideAndTheNextIsWorkedOn()
    {
        Directory.CreateDirectory(_folder.Path);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "0.json"), "{\"version\":");
        var id = _folder.Submit(Ids(1, 3), TimeProvider.System);
        await using var running = Run(_history);

        await Patience.UntilAsync(() => !_folder.Has(id), _stop.Token);

        Assert.IsTrue(File.Exists(Path.Combine(_folder.Path, "0.json.unreadable")));
        Assert.AreEqual((BackfillState.Failed, 2), (_folder.Read("0")!.State, _folder.Read("0")!.ExitCode));
        Assert.AreEqual(3, _metrics.Log.Trades.Value);
    }

    [TestMethod]
    public async Task Run_RequestThatCannotBeDone_FailsWithItsReason()
    {
        var id = _folder.Submit(Ids(9, 3), TimeProvider.System);
        var missing = _folder.Submit(new() { Files = [_temporary["BTCUSDT-trades-x.zip"]] }, new ManualTimeProvider());
        await using var running = Run(_history);

        await Patience.UntilAsync(() => !_folder.Has(id) && !_folder.Has(missing), _stop.Token);

        Assert.Contains("lies behind", _folder.Read(id)!.Error!);
        Assert.Contains("does not exist", _folder.Read(missing)!.Error!);
    }

    [TestMethod]
    public async Task Run_RequestTakenBack_EndsIt()
    {
        var history = new HangingHistory(_history);
        var id = _folder.Submit(Ids(1, 10), TimeProvider.System);
        await using var running = Run(history);
        await history.Asked.Task.WaitAsync(Patience.Limit);

        _folder.Remove(id);

        await Patience.UntilAsync(() => _folder.Read(id) is { State: BackfillState.Canceled }, _stop.Token);
    }

    [TestMethod]
    public async Task Run_StoppedHalfWay_LeavesTheRequestForTheNextStart()
    {
        _history.MaxTrades = 10;
        var history = new HangingHistory(_history) { HangsAt = 3 };
        var id = _folder.Submit(Ids(1, 50), TimeProvider.System);
        await using (Run(history)) await history.Asked.Task.WaitAsync(Patience.Limit);
        Assert.IsTrue(_folder.Has(id));
        Assert.AreEqual(BackfillState.Waiting, _folder.Read(id)!.State);

        await using var second = Run(_history);
        await Patience.UntilAsync(() => !_folder.Has(id), _stop.Token);

        // Neither fetched nor stored twice.
        Assert.AreEqual(50, _metrics.Backfill.Fetched.Value);
        Assert.AreEqual((50, 20), (_metrics.Log.Trades.Value, _folder.Read(id)!.Known));
    }

    [TestMethod]
    public async Task Run_FullHandOff_WaitsForRoomAndShedsNothing()
    {
        _history.MaxTrades = 1000;
        var id = _folder.Submit(Ids(1, 400_000), TimeProvider.System);
        await using var running = Run(_history, isWriting: false);
        await Patience.UntilAsync(() => !_pipeline.Channel.HasRoom, _stop.Token);

        Write();

        await Patience.UntilAsync(() => !_folder.Has(id), _stop.Token);
        Assert.AreEqual((400_000, 0), (_metrics.Log.Trades.Value, _metrics.Channel.ShedTrades.Value));
    }

    private static BackfillRequest Ids(long from, long to) => new() { Symbol = "BTCUSDT", FromId = from, ToId = to };

    private void Write() => _writing = _pipeline.RunAsync(CancellationToken.None);

    private Running Run(ITradeHistory history, bool isWriting = true)
    {
        var room = new BackfillRoom(
            _pipeline.Channel, _pipeline.Tracker, _symbols, new DisputedTrades(null, _pipeline.Tracker, ReplayMode.Adding));
        var requests = new BackfillRequests(
            _folder, history, room, new GapBackfillOptions(), _metrics, TimeProvider.System, NullLogger<BackfillRequests>.Instance);

        // One source after the other, as over the starts of a service.
        _pipeline.Connect(requests.Events.Concat(Observable.Never<StreamEvent>()));
        if (isWriting && _writing.IsCompleted) Write();
        return new Running(requests);
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly BackfillRequests _requests;
        private readonly Task _task;

        public Running(BackfillRequests requests)
        {
            _requests = requests;
            _task = Task.Run(() => requests.RunAsync(_stop.Token));
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _task;
            _requests.Dispose();
            _stop.Dispose();
        }
    }

    /// <summary>Gives no answer to one request, and to those after it.</summary>
    private sealed class HangingHistory(ITradeHistory history) : ITradeHistory
    {
        private int _asked;

        public int HangsAt { get; init; } = 1;

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int MaxTrades => history.MaxTrades;

        public async Task<TradeBatch> ReadTradesAsync(Symbol symbol, long fromId, int limit, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _asked) < HangsAt) return await history.ReadTradesAsync(symbol, fromId, limit, cancellationToken);
            Asked.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new NotSupportedException();
        }

        public Task<long?> FirstIdAtAsync(Symbol symbol, Timestamp time, CancellationToken cancellationToken) =>
            history.FirstIdAtAsync(symbol, time, cancellationToken);
    }
}
