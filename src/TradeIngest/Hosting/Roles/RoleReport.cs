using System.Globalization;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>The figures of the roles of this process at one moment; null where it does not have the role.</summary>
/// <param name="Frames">Messages of the exchange's streams; once drained, received + other frames + dead letters + summarized.</param>
/// <param name="OtherFrames">Those that are understood and no trades: answers to requests, other events.</param>
/// <param name="Received">Trades from the exchange.</param>
/// <param name="Appended">Trades acknowledged by the log.</param>
/// <param name="DeadLetters">Frames that are no trade and stand in the log, each as a record of its own.</param>
/// <param name="Summarized">Those of a flood, which stand there in summaries.</param>
/// <param name="InFlight">Bytes on their way to the log.</param>
/// <param name="Stalls">Appends that waited for the log.</param>
/// <param name="Retries">Appends done again after the log refused them for the time being.</param>
/// <param name="Stored">Trades written to the warehouse.</param>
/// <param name="Partitions">Partitions of the trades' topic this sink holds.</param>
/// <param name="Abandoned">Records given up because their partition went to another sink.</param>
/// <param name="Reference">active, standby or joining.</param>
internal sealed record RoleReport(
    DateTimeOffset At, long? Frames, long? OtherFrames, long? Received, long? Appended, long? DeadLetters, long? Summarized,
    long? Gaps, long? Backfilled, long? Shed, long? Reconnects, long? InFlight, long? Stalls,
    long? Retries, long? Stored, long? Duplicates, long? Rejected, int? Partitions, long? Rebalances, long? Abandoned, long? P50, long? P99,
    string? Reference)
{
    public static RoleReport Of(RoleService service, TimeProvider clock)
    {
        var (ingest, sink) = (service.Ingest, service.Sink);
        var metrics = ingest?.Stream.Metrics;
        return new RoleReport(
            clock.GetUtcNow(), metrics?.Frames, metrics?.OtherEvents + metrics?.ControlMessages, metrics?.Trades, ingest?.Writer.Appended,
            ingest?.Writer.DeadLetters, ingest?.Writer.Summarized, ingest?.Gaps, ingest?.Backfill.Fetched,
            ingest?.Channel.ShedTrades, metrics?.Disconnects, ingest is null ? null : service.Log.BytesInFlight,
            ingest is null ? null : service.Log.Stalls, ingest is null ? null : service.Log.Retries, sink?.Metrics.Stored, sink?.Metrics.Duplicates, sink?.Metrics.Rejected, sink?.Trades.Reader.Held,
            sink?.Trades.Reader.Rebalances, sink?.Trades.Reader.Abandoned, sink?.Metrics.Latency.Percentile(0.5), sink?.Metrics.Latency.Percentile(0.99),
            service.Reference?.State.ToString().ToLowerInvariant());
    }

    public override string ToString()
    {
        var ingest = Received is null ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $" received {Received:N0}, appended {Appended:N0}, gaps {Gaps:N0}, backfilled {Backfilled:N0}, "
            + $"dead letters {DeadLetters:N0}, summarized {Summarized:N0}, shed {Shed:N0}, reconnects {Reconnects:N0}, stalls {Stalls:N0}, retries {Retries:N0}");
        var sink = Stored is null ? "" : string.Create(
            CultureInfo.InvariantCulture,
            $" stored {Stored:N0}, duplicates {Duplicates:N0}, rejected {Rejected:N0}, partitions {Partitions}, latency p50 {P50 / 1000.0:N1} ms p99 {P99 / 1000.0:N1} ms");
        var reference = Reference is null ? "" : $" reference {Reference}";
        return string.Create(
            CultureInfo.InvariantCulture, $"{At:HH:mm:ss}{string.Join(',', new[] { ingest, sink, reference }.Where(part => part.Length > 0))}");
    }
}
