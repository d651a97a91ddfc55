using Crypto.TradeIngest.Binance.Frames;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>What the exchange's client logs.</summary>
internal static partial class BinanceLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "The exchange announces that it closes this connection.")]
    public static partial void ShutdownAnnounced(this ILogger logger);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "A reply to no open request: {Reply}")]
    public static partial void UnexpectedReply(this ILogger logger, ControlReply reply);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Debug, Message = "The connection ended while it was being closed.")]
    public static partial void ConnectionEndedWhileClosing(this ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 1004, Level = LogLevel.Warning,
        Message = "No replacement for a connection ({Reason}); next try in {Delay}.")]
    public static partial void ReplacementFailed(this ILogger logger, string reason, TimeSpan delay);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Warning, Message = "{Count} streams were not confirmed; subscribing them again.")]
    public static partial void StreamsUnconfirmed(this ILogger logger, int count);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Warning, Message = "No reply to a subscription of {Count} streams within {Timeout}.")]
    public static partial void SubscriptionUnanswered(this ILogger logger, int count, TimeSpan timeout);

    [LoggerMessage(EventId = 1007, Message = "Subscription: {Reason}")]
    public static partial void SubscriptionFault(this ILogger logger, LogLevel level, string reason);

    [LoggerMessage(
        EventId = 1008, Level = LogLevel.Warning,
        Message = "The clock could not be compared with the exchange's; next try in {Delay}: {Reason}")]
    public static partial void ClockNotCompared(this ILogger logger, TimeSpan delay, string reason);

    [LoggerMessage(
        EventId = 1009, Level = LogLevel.Warning,
        Message = "This machine's clock is {Difference} {Direction} the exchange's, which times are judged by. Correct this one.")]
    public static partial void ClockDiffers(this ILogger logger, TimeSpan difference, string direction);

    [LoggerMessage(EventId = 1010, Level = LogLevel.Information, Message = "This machine's clock agrees with the exchange's again.")]
    public static partial void ClockAgrees(this ILogger logger);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Warning, Message = "The exchange wants to hear nothing from this address until "
        + "{Until:u}.")]
    public static partial void StayingAway(this ILogger logger, DateTimeOffset until);

    [LoggerMessage(
        EventId = 1012, Level = LogLevel.Warning, Message = "'{Path}' does not keep how long the exchange is to be left alone: {Reason}")]
    public static partial void BanNotKept(this ILogger logger, string path, string reason);

    [LoggerMessage(EventId = 1013, Level = LogLevel.Warning, Message = "The exchange lists {Symbol} in a way that cannot be read: "
        + "{Reason}")]
    public static partial void SymbolUnreadable(this ILogger logger, string symbol, string reason);

    [LoggerMessage(EventId = 1014, Level = LogLevel.Warning, Message = "A connection is to be replaced by a new one: {Reason}")]
    public static partial void ReplacementDue(this ILogger logger, string reason);
}
