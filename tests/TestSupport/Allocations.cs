namespace Crypto.TestSupport;

/// <summary>Measures what a piece of code allocates on this thread, after it warmed up.</summary>
public static class Allocations
{
    /// <returns>Bytes allocated by <paramref name="repetitions"/> runs of <paramref name="action"/>.</returns>
    public static long Of(Action action, int repetitions = 1_000)
    {
        ArgumentNullException.ThrowIfNull(action);
        for (var i = 0; i < 100; i++) action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < repetitions; i++) action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
