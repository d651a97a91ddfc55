using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Workers;

/// <summary>Disposals at the end of a process, which is to end whatever hangs.</summary>
internal static class BoundedDisposal
{
    /// <summary>Waits for the disposal for as long as the timeout; what has not ended then is logged and left behind.</summary>
    /// <returns>False where it was left behind.</returns>
    public static async ValueTask<bool> DisposeAsync(
        IAsyncDisposable part, string name, TimeSpan timeout, TimeProvider clock, ILogger logger)
    {
        var disposing = Task.Run(async () => await part.DisposeAsync());
        try
        {
            await disposing.WaitAsync(timeout, clock);
            return true;
        }
        catch (TimeoutException) when (!disposing.IsCompleted)
        {
            logger.LeftBehind(name, timeout);
            return false;
        }
    }
}
