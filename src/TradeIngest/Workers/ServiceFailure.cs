using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Workers;

/// <summary>
/// The first failure of a worker, which ends the host; later ones are its consequences. It is logged before anything is closed, since
/// that may take time, or hang.
/// </summary>
internal sealed class ServiceFailure(IHostApplicationLifetime lifetime, ILogger<ServiceFailure> logger)
{
    private ExceptionDispatchInfo? _first;

    /// <summary>Null while all is well.</summary>
    public Exception? Exception => Volatile.Read(ref _first)?.SourceException;

    public void Report(Exception failure)
    {
        if (Interlocked.CompareExchange(ref _first, ExceptionDispatchInfo.Capture(failure), null) is null)
        {
            logger.WorkerFailed(failure.Message);
        }

        lifetime.StopApplication();
    }

    public void ThrowIfAny() => Volatile.Read(ref _first)?.Throw();
}
