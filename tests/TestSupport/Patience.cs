namespace Crypto.TestSupport;

/// <summary>
/// How long a test waits for what must happen. Only a hang takes longer, also on a machine that is busy with other things.
/// </summary>
public static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <returns>A source that is canceled after <see cref="Limit"/>.</returns>
    public static CancellationTokenSource Start() => new(Limit);

    /// <summary>Returns when the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within <see cref="Limit"/>.</exception>
    public static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!condition())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (System.Diagnostics.Stopwatch.GetElapsedTime(started) > Limit)
            {
                throw new TimeoutException($"What was waited for did not happen within {Limit}.");
            }

            await Task.Yield();
        }
    }
}
