using System.Reactive.Subjects;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
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
    private readonly TradePipeline _pipeline;
    private readonly TimeProvider _clock;
    private readonly ReplayMode _mode;
    private readonly Subject<StreamEvent> _events = new();

    private ReplaySession(Stores stores, TradePipeline pipeline, ReplayMode mode, TimeProvider clock)
    {
        _mode = mode;
        _stores = stores;
        _pipeline = pipeline;
        _clock = clock;
        pipeline.Connect(_events);
    }

    public TradePipeline Pipeline => _pipeline;

    /// <summary>Trades whose id is stored with another content.</summary>
    public long Disputed { get; private set; }

    /// <param name="stores">The log and the warehouse.</param>
    /// <param name="options">Of the hand-off and the log.</param>
    /// <param name="mode">What becomes of trades that are stored with another content.</param>
    /// <param name="clock">Of received times.</param>
    /// <param name="loggers">For the stages.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<ReplaySession> StartAsync(
        Stores stores, ServiceOptions options, ReplayMode mode, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        // A file can wait, so nothing is shed; gaps stand in the ledger and are nobody's to fetch.
        var channel = options.Exchange.Channel with { Policy = FullPolicy.Wait };
        var pipeline = await TradePipeline.StartAsync(stores, options.Log, channel, static _ => { }, clock, loggers, cancellationToken);
        return new ReplaySession(stores, pipeline, mode, clock);
    }

    /// <summary>Opens a file of trades; see <see cref="ReplayFile.Open"/>.</summary>
    public ReplayFile Open(string path, string? symbol) => ReplayFile.Open(path, _stores.Symbols, _clock, symbol);

    /// <summary>Pushes all events of a file into the pipeline, as fast as it takes them.</summary>
    /// <param name="onProgress">Called after each event.</param>
    public async Task PushAsync(ReplayFile file, Action onProgress, CancellationToken cancellationToken)
    {
        await foreach (var value in file.ReadAsync(cancellationToken))
        {
            var room = _pipeline.Channel.WaitForRoomAsync(cancellationToken);
            if (await Task.WhenAny(room, _pipeline.Failure) != room) throw await _pipeline.Failure;
            await room;
            var disputed = value is TradeBatch batch ? await TakeDisputedAsync(batch, cancellationToken) : null;
            _events.OnNext(value);
            if (disputed is not null) _pipeline.Channel.OnNext(disputed);
            onProgress();
        }
    }

    /// <summary>
    /// Takes out of a batch the trades whose id has passed and which are not, or not yet, stored as they are: those the continuity tracking would
    /// drop as duplicates, and the warehouse is to judge.
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
            var isKnown = _pipeline.Tracker.HasPassed(trade.Symbol, trade.TradeId);
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
            if (_pipeline.Tracker.HasPassed(trade.Symbol, trade.TradeId)) known.Add(trade);
        }

        return [.. known];
    }

    /// <summary>Ends the session with everything pushed in the warehouse.</summary>
    /// <exception cref="Exception">What a stage of the pipeline failed with.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var drained = _pipeline.DrainAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        if (await Task.WhenAny(drained, _pipeline.Failure) != drained) throw await _pipeline.Failure;
        if (!await drained) cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await _pipeline.DisposeAsync();
        _events.Dispose();
    }
}
