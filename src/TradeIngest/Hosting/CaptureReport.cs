using System.Globalization;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The figures of a running capture at one moment. Once drained, frames = received + other frames + dead letters + summarized.
/// </summary>
/// <param name="Frames">Messages of the exchange's streams.</param>
/// <param name="OtherFrames">Those that are understood and no trades: answers to requests, other events.</param>
/// <param name="Received">Those that are trades.</param>
/// <param name="PerSecond">Trades stored per second since the report before.</param>
/// <param name="DeadLetters">Frames that are no trade and stand in the log, each as a record of its own.</param>
/// <param name="Summarized">Those of a flood, which stand there in summaries.</param>
/// <param name="P50">Median from event time to commit, microseconds, since the start.</param>
/// <param name="P99">99th percentile of the same.</param>
internal sealed record CaptureReport(
    DateTimeOffset At, long Frames, long OtherFrames, long Received, long Stored, double PerSecond, long Duplicates, long Rejected, long Gaps,
    long Backfilled, long DeadLetters, long Summarized, long Shed, long Reconnects, int ChannelDepth, long P50, long P99)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At:HH:mm:ss} received {Received:N0}, stored {Stored:N0} ({PerSecond:N0}/s), duplicates {Duplicates:N0}, "
        + $"rejected {Rejected:N0}, gaps {Gaps:N0}, backfilled {Backfilled:N0}, "
        + $"dead letters {DeadLetters:N0}, summarized {Summarized:N0}, shed {Shed:N0}, reconnects {Reconnects:N0}, "
        + $"latency p50 {P50 / 1000.0:N1} ms p99 {P99 / 1000.0:N1} ms");
}

/// <summary>Makes reports of a capture; the rate is measured from one to the next.</summary>
internal sealed class CaptureRates(CaptureService service, TimeProvider clock)
{
    private long _stored = service.Pipeline.Sink.Stored;
    private long _at = clock.GetTimestamp();

    public CaptureReport Read()
    {
        var (pipeline, metrics) = (service.Pipeline, service.Stream.Metrics);
        var stored = pipeline.Sink.Stored;
        var seconds = clock.GetElapsedTime(_at).TotalSeconds;
        var rate = seconds > 0 ? (stored - _stored) / seconds : 0;
        (_stored, _at) = (stored, clock.GetTimestamp());
        return new CaptureReport(
            clock.GetUtcNow(),
            metrics.Frames,
            metrics.OtherEvents + metrics.ControlMessages,
            metrics.Trades,
            stored,
            rate,
            pipeline.Tracker.Duplicates + pipeline.Sink.Duplicates,
            pipeline.Sink.Rejected,
            pipeline.Tracker.Gaps,
            service.Backfill.Fetched,
            pipeline.Writer.DeadLetters,
            pipeline.Writer.Summarized,
            pipeline.Channel.ShedTrades,
            metrics.Disconnects,
            pipeline.Channel.Depth,
            pipeline.Sink.Latency.Percentile(0.5),
            pipeline.Sink.Latency.Percentile(0.99));
    }
}
