namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>Bounds the number of events within any window of time. Not thread-safe.</summary>
internal sealed class MessageBudget(int limit, TimeSpan window, TimeProvider clock)
{
    private readonly long[] _times = new long[limit];
    private long _count;

    /// <summary>Counts one more event.</summary>
    /// <returns>False when it is one too many.</returns>
    public bool TrySpend()
    {
        var now = clock.GetTimestamp();
        ref var oldest = ref _times[_count % _times.Length];
        if (_count >= _times.Length && clock.GetElapsedTime(oldest, now) < window) return false;
        oldest = now;
        _count++;
        return true;
    }
}
