using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Workers;

/// <summary>What the workers' end logs.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(EventId = 5101, Level = LogLevel.Error, Message = "A role failed, and the service stops: {Reason}")]
    public static partial void WorkerFailed(this ILogger logger, string reason);

    [LoggerMessage(EventId = 5102, Level = LogLevel.Warning, Message = "{Part} did not close within {Timeout} and is left behind.")]
    public static partial void LeftBehind(this ILogger logger, string part, TimeSpan timeout);
}
