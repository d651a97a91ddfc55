using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Hosting;

namespace Crypto.TradeIngest.Workers;

/// <summary>The first failure of a worker, which ends the host; later ones are its consequences.</summary>
internal sealed class ServiceFailure(IHostApplicationLifetime lifetime)
{
    private ExceptionDispatchInfo? _first;

    /// <summary>Null while all is well.</summary>
    public Exception? Exception => Volatile.Read(ref _first)?.SourceException;

    public void Report(Exception failure)
    {
        Interlocked.CompareExchange(ref _first, ExceptionDispatchInfo.Capture(failure), null);
        lifetime.StopApplication();
    }

    public void ThrowIfAny() => Volatile.Read(ref _first)?.Throw();
}
