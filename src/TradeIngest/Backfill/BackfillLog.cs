using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Backfill;

/// <summary>What the service logs of requests for trades.</summary>
internal static partial class BackfillLog
{
    [LoggerMessage(EventId = 1301, Level = LogLevel.Information, Message = "Backfill {Id} begins: {Kind} of {Symbol}.")]
    public static partial void BackfillBegins(this ILogger logger, string id, BackfillKind kind, string symbol);

    [LoggerMessage(
        EventId = 1302, Level = LogLevel.Information,
        Message = "Backfill {Id} ended, {State}: {Trades} trades fetched, {Known} were there, {Absent} ids the exchange does not have.")]
    public static partial void BackfillEnded(this ILogger logger, string id, BackfillState state, long trades, long known, long absent);

    [LoggerMessage(EventId = 1303, Level = LogLevel.Warning, Message = "Backfill {Id} failed for good: {Reason}")]
    public static partial void BackfillFailed(this ILogger logger, string id, string reason);

    [LoggerMessage(EventId = 1304, Level = LogLevel.Warning, Message = "'{Path}' holds no backfill request and is set aside: {Reason}")]
    public static partial void BackfillUnreadable(this ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 1305, Level = LogLevel.Warning, Message = "Backfill requests in '{Path}' cannot be worked on: {Reason}")]
    public static partial void BackfillFolderFailed(this ILogger logger, string path, string reason);
}
