using System.Reactive.Subjects;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Jobs;

/// <summary>
/// Files through the same pipeline as the live stream. What is stored already passes as a duplicate, so a file may be replayed any
/// number of times, in any order, after any crash.
/// </summary>
internal sealed class ReplaySession : IAsyncDisposable
{
    private readonly Stores _stores;
    private readonly SymbolTable _symbols;
    private readonly WarehouseSink _sink;
    private readonly TimeProvider _clock;
    private readonly ReplayMode _mode;
    private readonly Subject<StreamEvent> _events = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private Task _writing = Task.CompletedTask;
    private Task _sinking = Task.CompletedTask;

    private ReplaySession(
        Stores stores, SymbolTable symbols, IngestPipeline pipeline, WarehouseSink sink, TradeIngestMetrics metrics, ReplayMode mode,
        TimeProvider clock)
    {
        _stores = stores;
        _symbols = symbols;
        _sink = sink;
        _mode = mode;
        _clock = clock;
        Pipeline = pipeline;
        Metrics = metrics;
    }

    public IngestPipeline Pipeline { get; }

    public TradeIngestMetrics Metrics { get; }

    /// <summary>Trades whose id is stored with another content.</summary>
    public long Disputed { get; private set; }

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

            // A file can wait, so nothing is shed; gaps are recorded in the ledger and not fetched.
            var channel = options.Exchange.Channel with { Policy = FullPolicy.Wait };
            var pipeline = new IngestPipeline(stores.Log, channel, tracker, ledger: null, metrics, clock, loggers);
            var session = new ReplaySession(stores, symbols, pipeline, sink, metrics, mode, clock);
            session.Start();
            return session;
        }
        catch
        {
            await sink.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens a file of trades; see <see cref="ReplayFile.Open"/>.</summary>
    public ReplayFile Open(string path, string? symbol) => ReplayFile.Open(path, _symbols, _clock, symbol);

    /// <summary>Pushes all events of a file into the pipeline, as fast as it takes them.</summary>
    /// <param name="onProgress">Called after each event.</param>
    public async Task PushAsync(ReplayFile file, Action onProgress, CancellationToken cancellationToken)
    {
        await foreach (var value in file.ReadAsync(cancellationToken))
        {
            var room = Pipeline.Channel.WaitForRoomAsync(cancellationToken);
            await UnlessFailedAsync(room);
            var disputed = value is TradeBatch batch ? await TakeDisputedAsync(batch, cancellationToken) : null;
            _events.OnNext(value);
            if (disputed is not null) Pipeline.Channel.OnNext(disputed);
            onProgress();
        }
    }

    /// <summary>
    /// Takes out of a batch the trades whose id has passed and which are not, or not yet, stored as they are: those the continuity tracking
    /// would drop as duplicates, and the warehouse is to judge.
    /// </summary>
    private async Task<TradeBatch?> TakeDisputedAsync(TradeBatch batch, CancellationToken cancellationToken)
    {
        var known = Known(batch);
        if (known.Length == 0) return null;
        var stored = await _stores.Warehouse.ContentsAsync(known, cancellationToken);
        var disputed = TradeBatch.Rent(known.Length);
        var kept = 0;
        foreach (ref readonly var trade in batch.Trades)
        {
            var isKnown = Pipeline.Tracker.HasPassed(trade.Symbol, trade.TradeId);
            var hasContent = stored.TryGetValue(TradeKey.Of(in trade), out var content);
            var agrees = hasContent && content.AgreesWith(TradeContent.Of(in trade));
            if (!isKnown || (agrees && !_mode.Settles(in trade)))
            {
                batch.Trades[kept++] = trade;
                continue;
            }

            if (hasContent && !agrees) Disputed++;
            disputed.Add(trade with { Source = _mode.IsCorrecting ? IngestSource.Correction : trade.Source });
        }

        batch.Truncate(kept);
        if (disputed.Count > 0) return disputed;
        disputed.Dispose();
        return null;
    }

    private Trade[] Known(TradeBatch batch)
    {
        var known = new List<Trade>();
        foreach (ref readonly var trade in batch.Trades)
        {
            if (Pipeline.Tracker.HasPassed(trade.Symbol, trade.TradeId)) known.Add(trade);
        }

        return [.. known];
    }

    /// <summary>Ends the session with everything pushed in the warehouse.</summary>
    /// <exception cref="Exception">What a stage of the pipeline failed with.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await using var abandon = cancellationToken.Register(_abandoning.Cancel);
        Pipeline.Complete();
        await UnlessFailedAsync(_writing);
        await _stopping.CancelAsync();
        await _sinking;
        await _sink.DrainAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        Pipeline.Complete();
        await _abandoning.CancelAsync();
        await _stopping.CancelAsync();

        // A failure was thrown where it was waited for; here it only matters that nothing runs any more.
        await Task.WhenAll(_writing, _sinking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sink.DisposeAsync();
        Pipeline.Dispose();
        _events.Dispose();
        _stopping.Dispose();
        _abandoning.Dispose();
    }

    // Both are waited for, by whoever completes the session or ends it before.
    private void Start()
    {
        Pipeline.Connect(_events);
        _writing = Pipeline.RunAsync(_abandoning.Token);
        _sinking = _sink.RunAsync(_stopping.Token);
    }

    private async Task UnlessFailedAsync(Task work)
    {
        var ended = await Task.WhenAny(work, _writing, _sinking);
        await ended;
        await work;
    }
}
