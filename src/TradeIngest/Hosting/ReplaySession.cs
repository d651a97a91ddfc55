using System.Reactive.Subjects;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// Files through the same pipeline as the live stream. What is stored already passes as a duplicate, so a file may be replayed any
/// number of times, in any order, after any crash.
/// </summary>
internal sealed class ReplaySession : IAsyncDisposable
{
    private readonly Stores _stores;
    private readonly TradePipeline _pipeline;
    private readonly TimeProvider _clock;
    private readonly Subject<StreamEvent> _events = new();

    private ReplaySession(Stores stores, TradePipeline pipeline, TimeProvider clock)
    {
        _stores = stores;
        _pipeline = pipeline;
        _clock = clock;
        pipeline.Connect(_events);
    }

    public TradePipeline Pipeline => _pipeline;

    public static async Task<ReplaySession> StartAsync(
        Stores stores, ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        // A file can wait, so nothing is shed; gaps stand in the ledger and are nobody's to fetch.
        var channel = options.Exchange.Channel with { Policy = FullPolicy.Wait };
        var pipeline = await TradePipeline.StartAsync(stores, options.Log, channel, static _ => { }, clock, loggers, cancellationToken);
        return new ReplaySession(stores, pipeline, clock);
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
            _events.OnNext(value);
            onProgress();
        }
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
