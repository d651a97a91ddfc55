using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>What the ingest role logs.</summary>
internal static partial class IngestLog
{
    [LoggerMessage(EventId = 1201, Level = LogLevel.Information, Message = "Connected to {Endpoint}, attempt {Attempt}.")]
    public static partial void Connected(this ILogger logger, Uri endpoint, int attempt);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Warning, Message = "Disconnected: {Reason}; reconnecting in {Delay}.")]
    public static partial void Disconnected(this ILogger logger, string reason, TimeSpan delay);

    [LoggerMessage(EventId = 1203, Level = LogLevel.Error, Message = "A connection gave up: {Reason}")]
    public static partial void ConnectionGaveUp(this ILogger logger, string reason);

    [LoggerMessage(EventId = 1204, Level = LogLevel.Information, Message = "Gap {Ids} of {Symbol} found ({Count} trades).")]
    public static partial void GapFound(this ILogger logger, IdRange ids, Symbol symbol, long count);

    [LoggerMessage(EventId = 1205, Level = LogLevel.Warning, Message = "{Symbol} {TradeId} is rejected: {Reason}.")]
    public static partial void TradeRejected(this ILogger logger, Symbol symbol, long tradeId, ErrorReason reason);

    [LoggerMessage(EventId = 1206, Level = LogLevel.Error, Message = "{Count} dead letters did not reach the log and are lost.")]
    public static partial void DeadLettersLost(this ILogger logger, long count);

    [LoggerMessage(
        EventId = 1207, Level = LogLevel.Information,
        Message = "{Resumed} of {Count} symbols go on where the log ends; the others start with their next trade.")]
    public static partial void CaptureResumed(this ILogger logger, int resumed, int count);

    [LoggerMessage(
        EventId = 1208, Level = LogLevel.Information,
        Message = "{Symbol} has {Gaps} open gaps with {Count} trades from before.")]
    public static partial void OpenGapsRestored(this ILogger logger, Symbol symbol, int gaps, long count);

    [LoggerMessage(EventId = 1209, Level = LogLevel.Warning, Message = "{Topic} offset {Offset} is no state of a known version: {Reason}.")]
    public static partial void CaptureStateUnreadable(this ILogger logger, string topic, long offset, string reason);

    [LoggerMessage(
        EventId = 1210, Level = LogLevel.Information,
        Message = "Waiting for the active reference role to describe {Count} symbols, such as {Symbol}; it must be configured with them.")]
    public static partial void AwaitingDescriptions(this ILogger logger, int count, string symbol);

    [LoggerMessage(
        EventId = 1211, Level = LogLevel.Information, Message = "Captured are {Count} symbols from now on: {Added} more, {Removed} fewer.")]
    public static partial void CaptureChanged(this ILogger logger, int count, int added, int removed);

    [LoggerMessage(
        EventId = 1212, Level = LogLevel.Warning, Message = "{Count} symbols are not captured yet, which is tried again: {Reason}")]
    public static partial void AddingPostponed(this ILogger logger, int count, string reason);
}
