using System.Reactive.Subjects;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Jobs;

/// <summary>
/// Files through the same pipeline as the live stream. What is stored already passes as a duplicate, so a file may be replayed any
/// number of times, in any order, after any crash.
/// </summary>
internal sealed class ReplaySession : IBackfillTarget, IAsyncDisposable
{
    private readonly WarehouseSink? _sink;
    private readonly TimeProvider _clock;
    private readonly DisputedTrades _disputed;
    private readonly Subject<StreamEvent> _events = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _writing = Task.CompletedTask;
    private Task _sinking = Task.CompletedTask;

    private ReplaySession(
        IngestPipeline pipeline, SymbolTable symbols, WarehouseSink? sink, DisputedTrades disputed, TradeIngestMetrics metrics,
        TimeProvider clock)
    {
        _sink = sink;
        _disputed = disputed;
        _clock = clock;
        Symbols = symbols;
        Pipeline = pipeline;
        Metrics = metrics;
    }

    public IngestPipeline Pipeline { get; }

    public TradeIngestMetrics Metrics { get; }

    public ContinuityTracker Tracker => Pipeline.Tracker;

    public SymbolTable Symbols { get; }

    /// <summary>Trades whose id is stored with another content.</summary>
    public long Disputed => _disputed.Count;

    /// <summary>Loads what an earlier run left in the log, so that what is stored is known, and begins.</summary>
    /// <param name="stores">The log and the warehouse.</param>
    /// <param name="options">Of the hand-off and the log.</param>
    /// <param name="mode">What becomes of trades that are stored with another content.</param>
    /// <param name="clock">Of received times.</param>
    /// <param name="loggers">For the stages.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<ReplaySession> StartAsync(
        Stores stores, ServiceOptions options, ReplayMode mode, TimeProvider clock, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var (symbols, metrics) = (new SymbolTable(), new TradeIngestMetrics());
        var tracker = new ContinuityTracker(metrics);
        var trimmer = new LogTrimmer(
            stores.Log, stores.Warehouse, options.Log.Trim, options.Log.TrimInterval, clock, loggers.CreateLogger<LogTrimmer>());
        var sink = await WarehouseSink.OpenAsync(
            new TopicSinkParts(
                stores.Log, stores.Warehouse, symbols, null, metrics, IsReset: false, clock), trimmer, loggers, cancellationToken);
        try
        {
            await sink.DrainAsync(cancellationToken);
            await new WarehouseCaptureState(stores.Warehouse, Task.CompletedTask, symbols).RestoreAsync(tracker, [], cancellationToken);

            var disputed = new DisputedTrades(stores.Warehouse, tracker, mode);
            return Start(NewPipeline(stores.Log, options, tracker, metrics, clock, loggers), symbols, sink, disputed, metrics, clock);
        }
        catch
        {
            await sink.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins on a log that other processes consume: it ends in the log, and their sinks go on from there.</summary>
    /// <param name="log">The log.</param>
    /// <param name="options">Of the hand-off.</param>
    /// <param name="tracker">Knows what is stored or on its way.</param>
    /// <param name="symbols">Of the tracker.</param>
    /// <param name="metrics">Of the tracker.</param>
    /// <param name="clock">Of received times.</param>
    /// <param name="loggers">For the stages.</param>
    public static ReplaySession StartOnLog(
        ITradeLog log, ServiceOptions options, ContinuityTracker tracker, SymbolTable symbols, TradeIngestMetrics metrics,
        TimeProvider clock, ILoggerFactory loggers) => Start(
            NewPipeline(log, options, tracker, metrics, clock, loggers), symbols, sink: null,
            new DisputedTrades(null, tracker, ReplayMode.Adding), metrics, clock);

    /// <summary>Opens a file of trades; see <see cref="ReplayFile.Open"/>.</summary>
    public ReplayFile Open(string path, string? symbol) => ReplayFile.Open(path, Symbols, _clock, symbol);

    /// <summary>Pushes all events of a file into the pipeline, as fast as it takes them.</summary>
    /// <param name="onProgress">Called after each event.</param>
    public async Task PushAsync(ReplayFile file, Action onProgress, CancellationToken cancellationToken)
    {
        await foreach (var value in file.ReadAsync(cancellationToken))
        {
            await PushAsync(value, cancellationToken);
            onProgress();
        }
    }

    public async Task PushAsync(StreamEvent value, CancellationToken cancellationToken)
    {
        await UnlessFailedAsync(Pipeline.Channel.WaitForRoomAsync(cancellationToken));
        var disputed = value is TradeBatch batch ? await _disputed.TakeAsync(batch, cancellationToken) : null;
        _events.OnNext(value);
        if (disputed is not null) Pipeline.Channel.OnNext(disputed);
    }

    /// <summary>Ends the session with everything pushed in the warehouse, or in the log where it ends there.</summary>
    /// <exception cref="Exception">What a stage of the pipeline failed with.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await using var abandon = cancellationToken.Register(_abandoning.Cancel);
        Pipeline.Complete();
        await UnlessFailedAsync(_writing);
        await _stopping.CancelAsync();
        await _sinking;
        if (_sink is not null) await _sink.DrainAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        Pipeline.Complete();
        await _abandoning.CancelAsync();
        await _stopping.CancelAsync();

        // A failure was thrown where it was waited for; here it only matters that nothing runs any more.
        await Task.WhenAll(_writing, _sinking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_sink is not null) await _sink.DisposeAsync();
        Pipeline.Dispose();
        _events.Dispose();
        _stopping.Dispose();
        _abandoning.Dispose();
    }

    // A file can wait, so nothing is shed; gaps are recorded in the ledger and not fetched.
    private static IngestPipeline NewPipeline(
        ITradeLog log, ServiceOptions options, ContinuityTracker tracker, TradeIngestMetrics metrics, TimeProvider clock,
        ILoggerFactory loggers) =>
        new(log, options.Exchange.Channel with { Policy = FullPolicy.Wait }, tracker, ledger: null, metrics, clock, loggers);

    // Both tasks are waited for, by whoever completes the session or ends it before.
    private static ReplaySession Start(
        IngestPipeline pipeline, SymbolTable symbols, WarehouseSink? sink, DisputedTrades disputed, TradeIngestMetrics metrics,
        TimeProvider clock)
    {
        var session = new ReplaySession(pipeline, symbols, sink, disputed, metrics, clock);
        pipeline.Connect(session._events);
        session._writing = pipeline.RunAsync(session._abandoning.Token);
        if (sink is not null) session._sinking = sink.RunAsync(session._stopping.Token);
        return session;
    }

    private async Task UnlessFailedAsync(Task work)
    {
        Task[] stages = _sink is null ? [_writing] : [_writing, _sinking];
        await await Task.WhenAny([work, .. stages]);
        await work;
    }
}
