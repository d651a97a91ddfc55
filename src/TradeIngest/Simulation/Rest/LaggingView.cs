namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>What REST shows of the market while it is behind the streams: the trades that had happened a time ago.</summary>
/// <param name="produced">One past the last trade of a listing that happened.</param>
internal sealed class LaggingView(int listings, Func<int, long> produced, TimeSpan lag, TimeProvider clock)
{
    // The lag is exact to an eighth of it.
    private const int Steps = 8;

    private volatile long[] _visible = Snapshot(listings, produced);

    /// <summary>One past the last trade of a listing that is visible.</summary>
    public long Produced(int ordinal) => _visible[ordinal];

    /// <summary>Runs until it is canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var step = lag / Steps;
        using var timer = new PeriodicTimer(step > TimeSpan.FromMilliseconds(1) ? step : TimeSpan.FromMilliseconds(1), clock);
        var earlier = new Queue<long[]>();
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            earlier.Enqueue(Snapshot(listings, produced));
            if (earlier.Count > Steps) _visible = earlier.Dequeue();
        }
    }

    private static long[] Snapshot(int listings, Func<int, long> produced) => [.. Enumerable.Range(0, listings).Select(produced)];
}
