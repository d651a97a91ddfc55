using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Sink;

/// <summary>What the sink logs.</summary>
internal static partial class SinkLog
{
    [LoggerMessage(
        EventId = 3001, Level = LogLevel.Warning,
        Message = "The log is not trimmed until the warehouse says where it stands: {Reason}")]
    public static partial void TrimPostponed(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 3002, Level = LogLevel.Warning,
        Message = "{Topic} does not describe {Ticker}, which is traded; it is inferred.")]
    public static partial void SymbolInferred(this ILogger logger, string topic, string ticker);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "{Topic} is read again in {Delay}: {Reason}")]
    public static partial void SymbolChangesUnreadable(this ILogger logger, string topic, TimeSpan delay, string reason);

    [LoggerMessage(
        EventId = 3004, Level = LogLevel.Warning,
        Message = "{Topic} offset {Offset} is no symbol change of a known version: {Reason}.")]
    public static partial void SymbolChangeMalformed(this ILogger logger, string topic, long offset, string reason);
}
