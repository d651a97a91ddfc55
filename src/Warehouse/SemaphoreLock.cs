namespace Crypto.Warehouse;

/// <summary>A semaphore of one as a lock that may be held over an await: <c>using var _ = await semaphore.EnterAsync(…)</c>.</summary>
public static class SemaphoreLock
{
    public static async ValueTask<Held> EnterAsync(this SemaphoreSlim semaphore, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(semaphore);
        await semaphore.WaitAsync(cancellationToken);
        return new Held(semaphore);
    }

    public readonly struct Held(SemaphoreSlim semaphore) : IDisposable
    {
        public void Dispose() => semaphore.Release();
    }
}
