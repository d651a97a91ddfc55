using System.Reactive.Linq;
using System.Reactive.Subjects;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// Everything between a source of events and the log: continuity, quality, the channel, the log writer. Live capture and replay differ only
/// in what they connect to it.
/// </summary>
internal sealed class IngestPipeline : IDisposable
{
    private readonly Subject<StreamEvent> _events = new();
    private readonly QualityMetrics _metrics;
    private IDisposable? _source;

    /// <param name="ledger">Where to keep what is in the log, for a log that is read again by another process; null for none.</param>
    public IngestPipeline(
        ITradeLog log, TradeChannelOptions options, ContinuityTracker tracker, CaptureLedger? ledger, TradeIngestMetrics metrics,
        TimeProvider clock, ILoggerFactory loggers)
    {
        _metrics = metrics.Quality;
        metrics.Continuity.Missing.ReadFrom(() => tracker.OpenGaps().Sum(open => open.Missing.Sum(range => range.Count)));
        Tracker = tracker;
        Channel = new TradeChannel(options, tracker, _events.OnNext, metrics, clock, loggers.CreateLogger<TradeChannel>());
        Writer = new LogWriter(Channel, log, metrics, clock, loggers.CreateLogger<LogWriter>(), ledger);
    }

    public ContinuityTracker Tracker { get; }

    public TradeChannel Channel { get; }

    public LogWriter Writer { get; }

    /// <summary>Every event on its way into the channel, and the gaps that shedding makes. Subscribers must not wait.</summary>
    public IObservable<StreamEvent> Events => _events.AsObservable();

    /// <summary>Connects a source; its events pass continuity and quality on their way into the channel.</summary>
    public void Connect(IObservable<StreamEvent> source) => _source = source
        .TrackContinuity(Tracker)
        .CheckQuality(Tracker, _metrics)
        .Do(_events.OnNext)
        .Subscribe(Channel);

    /// <summary>Writes into the log until <see cref="Complete"/> and all is there.</summary>
    /// <param name="abandoning">Ends it with what still waits unwritten: it counts as missing at the next start.</param>
    public Task RunAsync(CancellationToken abandoning) => Task.Run(() => Writer.RunAsync(abandoning), CancellationToken.None);

    /// <summary>Nothing more will come.</summary>
    public void Complete() => Channel.OnCompleted();

    public void Dispose()
    {
        _source?.Dispose();
        Channel.OnCompleted();
        _events.Dispose();
    }
}
