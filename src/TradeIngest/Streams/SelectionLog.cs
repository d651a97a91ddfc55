using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Streams;

/// <summary>What the selection of symbols logs.</summary>
internal static partial class SelectionLog
{
    [LoggerMessage(
        EventId = 1401, Level = LogLevel.Warning,
        Message = "{Address} lists nothing that '{Pattern}' matches; it is looked for in each list.")]
    public static partial void PatternUnmatched(this ILogger logger, string address, string pattern);

    [LoggerMessage(
        EventId = 1402, Level = LogLevel.Warning,
        Message = "What --symbols and --exclude select now is nothing that trades: what was captured before goes on.")]
    public static partial void NothingSelected(this ILogger logger);

    [LoggerMessage(
        EventId = 1403, Level = LogLevel.Warning,
        Message = "exchangeInfo lists {Listed} symbols and lacks {Missing} of {Known} selected: they stay unless the next list lacks them, "
            + "too.")]
    public static partial void ListDoubted(this ILogger logger, int listed, int missing, int known);

    [LoggerMessage(
        EventId = 1404, Level = LogLevel.Warning, Message = "The list of symbols could not be read and is read again in {Delay}: {Reason}")]
    public static partial void ListNotRead(this ILogger logger, TimeSpan delay, string reason);

    [LoggerMessage(EventId = 1405, Level = LogLevel.Information, Message = "Selected are {Count} symbols: {Added} more, {Removed} fewer.")]
    public static partial void SelectionChanged(this ILogger logger, int count, string added, string removed);
}
