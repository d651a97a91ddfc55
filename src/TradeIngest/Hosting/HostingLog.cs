using Crypto.Warehouse.Snowflake.Streaming;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>What the host and the commands over it log.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(EventId = 5001, Level = LogLevel.Warning, Message = "{Progress}")]
    public static partial void Migrating(this ILogger logger, MigrationProgress progress);

    [LoggerMessage(EventId = 5002, Level = LogLevel.Information, Message = "Stopping: draining for up to {Timeout}.")]
    public static partial void Draining(this ILogger logger, TimeSpan timeout);

    [LoggerMessage(
        EventId = 5003, Level = LogLevel.Warning,
        Message = "The drain ran out of time; what is missing is fetched at the next start.")]
    public static partial void DrainTimedOut(this ILogger logger);

    [LoggerMessage(
        EventId = 5005, Level = LogLevel.Error,
        Message = "What was drained does not add up, which is a defect: {Balance}. Run trade-ingest verify.")]
    public static partial void DrainDoesNotBalance(this ILogger logger, DrainBalance balance);

    [LoggerMessage(EventId = 5004, Message = "Snowflake, {Channel}: {Kind}: {Detail}")]
    public static partial void SnowflakeNotice(this ILogger logger, LogLevel level, string channel, NoticeKind kind, string detail);

    [LoggerMessage(
        EventId = 5006, Level = LogLevel.Error, Message = "What is to be captured could not be read again and stays as it was: {Reason}")]
    public static partial void SymbolsNotReread(this ILogger logger, string reason);

    [LoggerMessage(EventId = 5007, Level = LogLevel.Warning, Message = "'{Path}' does not show what is captured: {Reason}")]
    public static partial void CapturedNotWritten(this ILogger logger, string path, string reason);
}
