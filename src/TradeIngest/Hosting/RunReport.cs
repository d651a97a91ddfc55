using System.Globalization;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The figures of the running service at one moment; null where this process does not have the role. Once drained, frames = received +
/// other frames + dead letters + summarized.
/// </summary>
/// <param name="Frames">Messages of the exchange's streams.</param>
/// <param name="OtherFrames">Those that are understood and no trades: answers to requests, other events.</param>
/// <param name="Received">Those that are trades.</param>
/// <param name="Appended">Trades acknowledged by the log, fetched ones among them.</param>
/// <param name="DeadLetters">Frames that are no trade and stand in the log, each as a record of its own.</param>
/// <param name="Summarized">Those of a flood, which stand there in summaries.</param>
/// <param name="ChannelDepth">Batches between the streams and the log.</param>
/// <param name="InFlight">Bytes on their way to the log.</param>
/// <param name="Stalls">Appends that waited for the log.</param>
/// <param name="Retries">Appends done again after the log refused them for the time being.</param>
/// <param name="Stored">Trades written to the warehouse.</param>
/// <param name="Duplicates">Trades whose id had been captured or stored before.</param>
/// <param name="PerSecond">Trades stored, or appended where there is no sink, per second since the report before.</param>
/// <param name="Partitions">Partitions of the trades' topic this sink holds.</param>
/// <param name="Abandoned">Records given up because their partition went to another sink.</param>
/// <param name="P50">Median from event time to commit, microseconds, since the start.</param>
/// <param name="P99">99th percentile of the same.</param>
/// <param name="Reference">active, standby or joining.</param>
internal sealed record RunReport(
    DateTimeOffset At,
    long? Frames, long? OtherFrames, long? Received, long? Appended, long? DeadLetters, long? Summarized,
    long? Gaps, long? Backfilled, long? Shed, long? Reconnects, int? ChannelDepth,
    long? InFlight, long? Stalls, long? Retries,
    long? Stored, double PerSecond, long? Duplicates, long? Rejected,
    int? Partitions, long? Rebalances, long? Abandoned,
    long? P50, long? P99, string? Reference)
{
    /// <summary>Of the last report only.</summary>
    public DrainBalance? Drain { get; init; }

    /// <summary>How full the hand-off to the log is: ok, low or high.</summary>
    public string? Overload { get; init; }

    public override string ToString()
    {
        List<string> parts = [];
        if (Received is not null)
        {
            parts.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"received {Received:N0}, appended {Appended:N0}, gaps {Gaps:N0}, backfilled {Backfilled:N0}, dead letters "
                + $"{DeadLetters:N0}, summarized {Summarized:N0}, shed {Shed:N0}, reconnects {Reconnects:N0}"));
            if (Stalls + Retries > 0) parts.Add(Text($"stalls {Stalls:N0}, retries {Retries:N0}"));
        }

        if (Stored is not null)
        {
            parts.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"stored {Stored:N0} ({PerSecond:N0}/s), duplicates {Duplicates:N0}, rejected {Rejected:N0}, "
                + $"latency p50 {P50 / 1000.0:N1} ms p99 {P99 / 1000.0:N1} ms"));
            if (Rebalances > 0) parts.Add(Text($"partitions {Partitions}"));
        }

        if (Reference is not null) parts.Add($"reference {Reference}");
        if (Overload is not (null or "ok")) parts.Add($"overload {Overload}");
        var line = Text($"{At:HH:mm:ss} {string.Join(", ", parts)}");
        return Drain is null ? line : $"{line}\n{Drain}";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Makes reports of a service; the rate is measured from one to the next.</summary>
internal sealed class RunReporter(TradeIngestHost service, TimeProvider clock)
{
    private long _count;
    private long _at = clock.GetTimestamp();

    public RunReport Read()
    {
        var ingest = service.Ingest is null ? null : service.Metrics;
        var sink = service.Sink is null ? null : service.Metrics.Sink;
        var (streams, log, appends, trades) = (ingest?.Stream, ingest?.Log, service.Ingest?.Appends, service.Sink?.Trades);
        return new RunReport(
            clock.GetUtcNow(),
            Frames: streams?.Frames.Value,
            OtherFrames: streams?.OtherEvents.Value + streams?.ControlMessages.Value,
            Received: streams?.Trades.Value,
            Appended: log?.Trades.Value,
            DeadLetters: log?.DeadLetters.Value,
            Summarized: log?.Summarized.Value,
            Gaps: ingest?.Continuity.Gaps.Value,
            Backfilled: ingest?.Backfill.Fetched.Value,
            Shed: ingest?.Channel.ShedTrades.Value,
            Reconnects: streams?.Disconnects.Value,
            ChannelDepth: service.Ingest?.Pipeline.Channel.Depth,
            InFlight: appends?.BytesInFlight,
            Stalls: appends?.Stalls,
            Retries: appends?.Retries,
            Stored: sink?.Stored.Value,
            PerSecond: Rate(sink?.Stored.Value ?? log?.Trades.Value ?? 0),
            Duplicates: Sum(ingest?.Continuity.Duplicates.Value, sink?.Duplicates.Value),
            Rejected: sink?.Rejected.Value,
            Partitions: trades?.Held,
            Rebalances: trades?.Rebalances,
            Abandoned: trades?.Abandoned,
            P50: sink?.Latency.Percentile(0.5),
            P99: sink?.Latency.Percentile(0.99),
            Reference: ReferenceState())
        {
            Overload = service.Ingest?.Pipeline.Channel.Overload.ToString().ToLowerInvariant(),
        };
    }

    private double Rate(long count)
    {
        var seconds = clock.GetElapsedTime(_at).TotalSeconds;
        var rate = seconds > 0 ? (count - _count) / seconds : 0;
        (_count, _at) = (count, clock.GetTimestamp());
        return rate;
    }

    private static long? Sum(long? one, long? other) => one is null ? other : one + (other ?? 0);

    // With a single candidate the leader is no news.
    private string? ReferenceState() =>
        service.Reference is { IsElected: true } reference ? reference.State.ToString().ToLowerInvariant() : null;
}
