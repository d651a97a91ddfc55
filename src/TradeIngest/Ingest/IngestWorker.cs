using System.Reactive.Linq;
using System.Runtime.ExceptionServices;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// From the exchange to the log: trades as they happen, and those that are missing, fetched. Where symbols stand is restored first, so that
/// what the exchange traded in between is a gap, as is every gap that was open before.
/// </summary>
internal sealed class IngestWorker(
    IngestParts parts, IngestPipeline pipeline, MissingTrades missing, CapturedSymbols captured, TradeIngestMetrics metrics,
    TimeProvider clock, ServiceFailure failure) : Worker(failure)
{
    public IngestPipeline Pipeline => pipeline;

    public GapBackfill Backfill => missing.Gaps;

    public AppendStatus Appends => parts.Log.Appends;

    /// <summary>What is captured; empty until it is known.</summary>
    public IReadOnlyList<Symbol> Symbols => captured.Symbols;

    public override string Name => "ingest";

    public override IReadOnlyList<Probe> Probes =>
    [
        new(
            "ingest",
            () => metrics.Stream.Connections.Value > 0 && pipeline.Channel.Depth == 0 && parts.Log.Appends.BytesInFlight == 0,
            () => metrics.Log.Records.Value),
    ];

    protected override async Task WorkAsync(CancellationToken stoppingToken)
    {
        await captured.BeginAsync(stoppingToken);
        await using var stream = parts.Exchange.OpenStream(
            captured.Symbols, connection => parts.HasBackpressure ? new BackpressuredConnection(connection, pipeline.Channel) : connection);
        using var observing = pipeline.Events.Subscribe(Observe);
        using var beside = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var writing = pipeline.RunAsync(Abandoning);
        pipeline.Connect(stream.Merge(missing.Events));
        Backfill.EnqueueOpenGaps();
        NoteStarted();
        Task[] loops =
        [
            Task.Run(() => Backfill.RunAsync(beside.Token), CancellationToken.None),
            Task.Run(() => missing.Requests.RunAsync(beside.Token), CancellationToken.None),
            parts.Exchange.RunAsync(beside.Token),
            parts.Selection.RunAsync(beside.Token),
            captured.RunAsync(stream, beside.Token),
            CheckpointAsync(beside.Token),
        ];
        var first = await Task.WhenAny([writing, stream.Failure, .. loops]);

        // The drain, in its one order: stop receiving, stop fetching, flush the log.
        await stream.StopAsync();
        await beside.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        pipeline.Complete();
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first == stream.Failure) ExceptionDispatchInfo.Throw(await stream.Failure);
        await first;
        await Task.WhenAll([writing, .. loops]);
        parts.Report?.Invoke([]);
    }

    private void Observe(StreamEvent value)
    {
        Backfill.Observe(value);
        if (value is QualityIssue { Reason: ErrorReason.TimeOutOfRange }) parts.Exchange.RequestClockComparison();
    }

    /// <summary>Has what is in the log written down at intervals, where it is kept beside the log.</summary>
    private Task CheckpointAsync(CancellationToken cancellationToken) => Loop.EveryAsync(
        parts.StateInterval,
        _ =>
        {
            pipeline.Writer.RequestCheckpoint();
            return Task.CompletedTask;
        },
        clock, cancellationToken);
}

/// <summary>What an ingest starts from.</summary>
/// <param name="Exchange">What is captured.</param>
/// <param name="Log">Where it goes.</param>
/// <param name="Selection">The symbols to capture.</param>
/// <param name="Descriptions">Where they are described first.</param>
/// <param name="State">What of them is captured.</param>
/// <param name="Table">Of the trades captured.</param>
/// <param name="HasBackpressure">Whether connections are not read while there is no room, in place of shedding.</param>
/// <param name="StateInterval">How often what is captured is written beside a log that keeps it.</param>
/// <param name="Report">Hears which symbols are captured, whenever that changes; null for nobody.</param>
internal sealed record IngestParts(
    IExchange Exchange, ITradeLog Log, SymbolSelection Selection, SymbolDescriptions Descriptions, ICaptureState State, SymbolTable Table,
    bool HasBackpressure, TimeSpan StateInterval, Action<IReadOnlyCollection<string>>? Report);

/// <summary>What fetches trades beside the stream.</summary>
/// <param name="Gaps">Whatever the continuity tracking misses.</param>
/// <param name="Requests">What an operator asks for.</param>
internal sealed record MissingTrades(GapBackfill Gaps, BackfillRequests Requests)
{
    public IObservable<StreamEvent> Events => Gaps.Events.Merge(Requests.Events);
}
