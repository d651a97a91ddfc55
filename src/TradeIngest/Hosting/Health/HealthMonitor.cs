using Crypto.TradeIngest.Workers;
using Microsoft.Extensions.Hosting;

namespace Crypto.TradeIngest.Hosting.Health;

/// <param name="Stalled">Seconds since the part progressed last, or was idle.</param>
/// <param name="State">Null where the part has none to tell.</param>
internal sealed record PartHealth(string Name, bool IsHealthy, double Stalled, string? State = null);

/// <summary>What <c>GET /healthz/ready</c> answers, with status 200 or 503.</summary>
internal sealed record HealthReport(bool IsHealthy, IReadOnlyList<PartHealth> Parts);

/// <summary>
/// Polls each worker's probes and remembers when they progressed last. Should the polling itself stop, all parts grow old, which is what is
/// to be reported then. A worker that still opens what it needs is not healthy yet.
/// </summary>
internal sealed class HealthMonitor(Func<IReadOnlyList<Worker>> workers, TimeSpan bound, TimeProvider clock) : BackgroundService
{
    private const string Starting = "starting";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Seen> _seen = new(StringComparer.Ordinal);
    private readonly long _started = clock.GetTimestamp();

    public HealthReport Read()
    {
        lock (_gate)
        {
            var reports = workers().SelectMany(Read).ToList();
            return new HealthReport(reports.TrueForAll(report => report.IsHealthy), reports);
        }
    }

    internal void Poll()
    {
        lock (_gate)
        {
            foreach (var probe in workers().Where(worker => worker.Started.IsCompletedSuccessfully).SelectMany(worker => worker.Probes))
            {
                var progress = probe.Progress();
                if (_seen.TryGetValue(probe.Name, out var seen) && seen.Progress == progress && !probe.IsIdle()) continue;
                _seen[probe.Name] = new Seen(progress, clock.GetTimestamp());
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Min(1, bound.TotalSeconds / 4)), clock);
        try
        {
            do Poll();
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    private IEnumerable<PartHealth> Read(Worker worker)
    {
        if (!worker.Started.IsCompletedSuccessfully) return [new PartHealth(worker.Name, false, Seconds(_started), Starting)];
        return worker.Probes.Select(probe => _seen.TryGetValue(probe.Name, out var seen)
            ? new PartHealth(probe.Name, clock.GetElapsedTime(seen.At) <= bound, Seconds(seen.At), probe.State?.Invoke())
            : new PartHealth(probe.Name, true, 0, probe.State?.Invoke()));
    }

    private double Seconds(long since) => Math.Round(clock.GetElapsedTime(since).TotalSeconds, 1);

    private readonly record struct Seen(long Progress, long At);
}
