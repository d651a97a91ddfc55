namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// Pauses between attempts: doubling from <paramref name="First"/> to <paramref name="Longest"/>, the upper half of each random.
/// </summary>
/// <param name="First">Default 500 ms.</param>
/// <param name="Longest">Default 30 s.</param>
/// <param name="Attempts">Attempts after which the last failure is thrown. Default 12, about four minutes.</param>
public sealed record RetryBackoff(TimeSpan First, TimeSpan Longest, int Attempts)
{
    public static RetryBackoff Default { get; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), 12);

    /// <summary>For what a person waits for: four attempts, some seconds.</summary>
    public static RetryBackoff Attended { get; } = Default with { Attempts = 4 };

    /// <param name="attempt">From 0.</param>
    /// <param name="random">From 0 to 1.</param>
    public TimeSpan PauseAfter(int attempt, double random)
    {
        var full = Math.Min(Longest.Ticks, First.Ticks * Math.Pow(2, Math.Min(attempt, 30)));
        return TimeSpan.FromTicks((long)(full * (0.5 + (random / 2))));
    }
}
