using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log;

/// <summary>What reading from a log logs, whichever kind it is.</summary>
internal static partial class ConsumerLog
{
    [LoggerMessage(
        EventId = 2001, Level = LogLevel.Warning,
        Message = "{Topic} is read again from where the warehouse stands, in {Delay}: {Reason}")]
    public static partial void RewindingTopic(this ILogger logger, string topic, TimeSpan delay, string reason);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "The warehouse does not say where {Topic} stands: {Reason}")]
    public static partial void PositionUnknown(this ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "What was loaded of {Topic} could not be checkpointed: {Reason}")]
    public static partial void NotCheckpointed(this ILogger logger, string topic, string reason);
}
