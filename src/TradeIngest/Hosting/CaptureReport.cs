using System.Globalization;

namespace Crypto.TradeIngest.Hosting;

/// <summary>The figures of a running capture at one moment.</summary>
/// <param name="PerSecond">Trades stored per second since the report before.</param>
/// <param name="P50">Median from event time to commit, microseconds, since the start.</param>
/// <param name="P99">99th percentile of the same.</param>
internal sealed record CaptureReport(
    DateTimeOffset At, long Received, long Stored, double PerSecond, long Duplicates, long Rejected, long Gaps, long Backfilled,
    long Shed, long Reconnects, int ChannelDepth, long P50, long P99)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{At:HH:mm:ss} received {Received:N0}, stored {Stored:N0} ({PerSecond:N0}/s), duplicates {Duplicates:N0}, "
        + $"rejected {Rejected:N0}, gaps {Gaps:N0}, backfilled {Backfilled:N0}, shed {Shed:N0}, reconnects {Reconnects:N0}, "
        + $"latency p50 {P50 / 1000.0:N1} ms p99 {P99 / 1000.0:N1} ms");
}

/// <summary>Makes reports of a capture; the rate is measured from one to the next.</summary>
internal sealed class CaptureRates(CaptureService service, TimeProvider clock)
{
    private long _stored = service.Pipeline.Sink.Stored;
    private long _at = clock.GetTimestamp();

    public CaptureReport Read()
    {
        var pipeline = service.Pipeline;
        var stored = pipeline.Sink.Stored;
        var seconds = clock.GetElapsedTime(_at).TotalSeconds;
        var rate = seconds > 0 ? (stored - _stored) / seconds : 0;
        (_stored, _at) = (stored, clock.GetTimestamp());
        return new CaptureReport(
            clock.GetUtcNow(),
            service.Stream.Metrics.Trades,
            stored,
            rate,
            pipeline.Tracker.Duplicates + pipeline.Sink.Duplicates,
            pipeline.Sink.Rejected,
            pipeline.Tracker.Gaps,
            service.Backfill.Fetched,
            pipeline.Channel.ShedTrades,
            service.Stream.Metrics.Disconnects,
            pipeline.Channel.Depth,
            pipeline.Sink.Latency.Percentile(0.5),
            pipeline.Sink.Latency.Percentile(0.99));
    }
}
