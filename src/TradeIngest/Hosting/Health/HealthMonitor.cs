namespace Crypto.TradeIngest.Hosting.Health;

/// <summary>
/// Looks at each part now and then and remembers when it got on last. Should the looking itself stop, all parts grow old, which is
/// what is to be told then.
/// </summary>
internal sealed class HealthMonitor(IReadOnlyList<HealthPart> parts, TimeSpan bound, TimeProvider clock)
{
    private readonly Seen[] _seen = [.. parts.Select(part => new Seen { Progress = part.Progress(), At = clock.GetTimestamp() })];
    private readonly Lock _gate = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Min(1, bound.TotalSeconds / 4)), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) Look();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    public HealthReport Read()
    {
        lock (_gate)
        {
            var reports = parts.Select((part, i) =>
            {
                var stalled = clock.GetElapsedTime(_seen[i].At);
                return new PartHealth(part.Name, stalled <= bound, Math.Round(stalled.TotalSeconds, 1), part.State?.Invoke());
            }).ToList();
            return new HealthReport(reports.TrueForAll(report => report.IsHealthy), reports);
        }
    }

    internal void Look()
    {
        lock (_gate)
        {
            for (var i = 0; i < parts.Count; i++)
            {
                var progress = parts[i].Progress();
                if (progress == _seen[i].Progress && !parts[i].IsIdle()) continue;
                _seen[i] = new Seen { Progress = progress, At = clock.GetTimestamp() };
            }
        }
    }

    private readonly struct Seen
    {
        public long Progress { get; init; }

        public long At { get; init; }
    }
}
