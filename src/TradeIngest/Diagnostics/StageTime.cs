using System.Diagnostics.Metrics;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>
/// How long a stage was at work, without its waits: two reads of the clock per batch. One writer, any readers. Divided by the time
/// that passed it is the share of one core, as long as the stage is not preempted.
/// </summary>
internal sealed class StageTime(Counter<double> seconds, string stage)
{
    private long _ticks;

    public TimeSpan Busy => TimeSpan.FromTicks(Volatile.Read(ref _ticks));

    /// <param name="since">A value of <see cref="TimeProvider.GetTimestamp"/>.</param>
    public void Add(TimeProvider clock, long since)
    {
        var elapsed = clock.GetElapsedTime(since);
        Volatile.Write(ref _ticks, _ticks + elapsed.Ticks);
        seconds.Add(elapsed.TotalSeconds, new KeyValuePair<string, object?>("stage", stage));
    }
}
