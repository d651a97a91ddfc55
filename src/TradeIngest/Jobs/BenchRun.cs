using System.Diagnostics;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Jobs;

/// <summary>What a bench measured.</summary>
/// <param name="Seconds">From the first trade that was stored to the last.</param>
/// <param name="Cores">Processor time of the whole process, simulated exchange included, divided by <paramref name="Seconds"/>.</param>
/// <param name="PeakResidentBytes">Largest working set seen.</param>
/// <param name="LatencyMicroseconds">From event time to commit, by percentile.</param>
/// <param name="BusyShare">Share of one core per stage, waits for the disk included.</param>
internal sealed record BenchResult(
    long Trades, double Seconds, double TradesPerSecond, double Cores, long PeakResidentBytes, long Shed, long Backfilled,
    IReadOnlyDictionary<string, long> LatencyMicroseconds, IReadOnlyDictionary<string, double> BusyShare);

/// <summary>
/// Measures the whole path, WebSocket to committed row, in one process with the simulated exchange. The load is open-loop: at a given
/// rate each trade's event time is when it is to be sent, independent of the service, so that a stall counts against every trade
/// that was due meanwhile (no coordinated omission).
/// </summary>
internal static class BenchRun
{
    private static readonly (string Name, double Share)[] Percentiles =
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99_9", 0.999), ("p99_99", 0.9999)];

    public static async Task<BenchResult> MeasureAsync(
        DataFolder folder, DemoPlan plan, ServiceOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        await using var run = await DemoRun.StartAsync(folder, plan, options, clock, loggers, cancellationToken);
        var sink = run.Metrics.Sink;
        using var self = Process.GetCurrentProcess();
        long first = 0, last = 0, peak = 0, storedAtFirst = 0, storedAtLast = 0;
        TimeSpan cpuAtFirst = default, cpuAtLast = default;
        var busyAtFirst = Busy(run.Metrics.Stages);
        await run.CompleteAsync(Look, cancellationToken);
        Look();

        var seconds = clock.GetElapsedTime(first, last).TotalSeconds;
        var latency = Percentiles.ToDictionary(pair => pair.Name, pair => sink.Latency.Percentile(pair.Share), StringComparer.Ordinal);
        latency["max"] = sink.Latency.Max;
        var busy = Busy(run.Metrics.Stages).ToDictionary(
            stage => stage.Key, stage => Per((stage.Value - busyAtFirst[stage.Key]).TotalSeconds), StringComparer.Ordinal);
        return new BenchResult(
            storedAtLast,
            seconds,
            Per(storedAtLast - storedAtFirst),
            Per((cpuAtLast - cpuAtFirst).TotalSeconds),
            peak,
            run.Metrics.Channel.ShedTrades.Value,
            run.Metrics.Backfill.Fetched.Value,
            latency,
            busy);

        // A run that one look saw the whole of tells of no time.
        double Per(double amount) => seconds > 0 ? amount / seconds : 0;

        void Look()
        {
            self.Refresh();
            peak = Math.Max(peak, self.WorkingSet64);
            var stored = sink.Stored.Value;
            if (stored == storedAtLast) return;
            (last, storedAtLast, cpuAtLast) = (clock.GetTimestamp(), stored, Environment.CpuUsage.TotalTime);
            if (first == 0) (first, storedAtFirst, cpuAtFirst, busyAtFirst) = (last, stored, cpuAtLast, Busy(run.Metrics.Stages));
        }
    }

    private static Dictionary<string, TimeSpan> Busy(StageTimes stages) => new(StringComparer.Ordinal)
    {
        ["log_encode"] = stages.LogEncode.Busy,
        ["log_append"] = stages.LogAppend.Busy,
        ["sink_decode"] = stages.SinkDecode.Busy,
        ["warehouse_load"] = stages.WarehouseLoad.Busy,
    };
}
