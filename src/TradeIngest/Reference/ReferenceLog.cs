using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference;

/// <summary>What the reference role logs.</summary>
internal static partial class ReferenceLog
{
    [LoggerMessage(EventId = 4001, Level = LogLevel.Information, Message = "exchangeInfo: {Changes} changes, {Versions} versions.")]
    public static partial void ExchangeInfoApplied(this ILogger logger, int changes, int versions);

    [LoggerMessage(EventId = 4002, Level = LogLevel.Error, Message = "exchangeInfo is not applied and what was known stays: {Reason}")]
    public static partial void ExchangeInfoRefused(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 4003, Level = LogLevel.Warning,
        Message = "exchangeInfo could not be read or applied, which is tried again: {Reason}")]
    public static partial void ExchangeInfoPostponed(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 4004, Level = LogLevel.Information,
        Message = "'{Path}': {Changes} changes, {Versions} versions, {Facts} facts re-keyed.")]
    public static partial void ReferenceFileApplied(this ILogger logger, string path, int changes, int versions, long facts);

    [LoggerMessage(EventId = 4005, Level = LogLevel.Warning, Message = "'{Path}' {Fault}; the line is ignored and what was known stays.")]
    public static partial void ReferenceLineIgnored(this ILogger logger, string path, string fault);

    [LoggerMessage(EventId = 4006, Level = LogLevel.Error, Message = "'{Path}' is not applied and what was known stays: {Reason}")]
    public static partial void ReferenceFileRefused(this ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 4007, Level = LogLevel.Warning, Message = "'{Path}' cannot be read and stays as it was read last: {Reason}")]
    public static partial void ReferenceFileUnreadable(this ILogger logger, string path, string reason);

    [LoggerMessage(
        EventId = 4008, Level = LogLevel.Warning,
        Message = "'{Path}' is not applied yet and is read again in {Delay}: {Reason}")]
    public static partial void ReferenceFilePostponed(this ILogger logger, string path, TimeSpan delay, string reason);

    [LoggerMessage(EventId = 4009, Level = LogLevel.Warning, Message = "'{Path}' {Fault}; the event is not applied.")]
    public static partial void ChangeEventMalformed(this ILogger logger, string path, string fault);

    [LoggerMessage(EventId = 4010, Level = LogLevel.Error, Message = "'{Path}' is not applied from line {Line} on: {Reason}")]
    public static partial void ChangeEventsRefused(this ILogger logger, string path, long line, string reason);

    [LoggerMessage(EventId = 4011, Level = LogLevel.Warning, Message = "'{Path}' cannot be read or applied and is tried again: {Reason}")]
    public static partial void ChangeEventsPostponed(this ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 4012, Level = LogLevel.Warning, Message = "{Detail}; the event is not applied.")]
    public static partial void ChangeRecordMalformed(this ILogger logger, string detail);

    [LoggerMessage(EventId = 4013, Level = LogLevel.Warning, Message = "{Topic}: {Count} events are applied again in {Delay}: {Reason}")]
    public static partial void ChangeTopicPostponed(this ILogger logger, string topic, int count, TimeSpan delay, string reason);

    [LoggerMessage(EventId = 4014, Level = LogLevel.Warning, Message = "{Topic} cannot be read yet: {Reason}.")]
    public static partial void ChangeTopicUnreadable(this ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 4015, Level = LogLevel.Warning, Message = "{Topic}: the position could not be stored: {Reason}.")]
    public static partial void ChangeTopicNotCommitted(this ILogger logger, string topic, string reason);

    [LoggerMessage(
        EventId = 4016, Level = LogLevel.Error,
        Message = "exchangeInfo lists {Listed} symbols and lacks {Missing} of {Known}: not applied unless the next list lacks them, too.")]
    public static partial void ExchangeInfoDoubted(this ILogger logger, int listed, int missing, int known);
}
