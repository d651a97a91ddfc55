using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>What the operators between the exchange and the log log.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Fetching {Symbol} {Range} failed and is tried again: {Reason}")]
    public static partial void FetchFailed(this ILogger logger, Symbol symbol, IdRange range, string reason);

    [LoggerMessage(
        EventId = 1102, Level = LogLevel.Warning,
        Message = "Gap {Range} of {Symbol} ({Count} trades) is out of reach until the next start: {Reason}. To close it: "
            + "{Command}, or with --dates from the exchange's archive.")]
    public static partial void GapOutOfReach(
        this ILogger logger, IdRange range, Symbol symbol, long count, string reason, string command);

    [LoggerMessage(
        EventId = 1103, Level = LogLevel.Warning,
        Message = "The exchange has no trades {Range} of {Symbol}: the gap ends as a hole of the exchange.")]
    public static partial void ExchangeHoleFound(this ILogger logger, IdRange range, Symbol symbol);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Warning, Message = "Asking what follows {Symbol} {Last} failed: {Reason}")]
    public static partial void TailCheckFailed(this ILogger logger, Symbol symbol, long last, string reason);

    [LoggerMessage(EventId = 1105, Level = LogLevel.Warning, Message = "No room in the hand-off to log an event: {Dropped}")]
    public static partial void EventDropped(this ILogger logger, StreamEvent dropped);

    [LoggerMessage(EventId = 1106, Level = LogLevel.Warning, Message = "{Reason}: {Detail}")]
    public static partial void DeadLettersSummarized(this ILogger logger, string reason, string detail);

    [LoggerMessage(
        EventId = 1107, Level = LogLevel.Warning,
        Message = "The log is slower than the exchange: trades are shed and will be fetched again.")]
    public static partial void SheddingTrades(this ILogger logger);

    [LoggerMessage(EventId = 1108, Message = "Overload {State}: the hand-off from the streams to the log is {Percent} % full.")]
    public static partial void OverloadChanged(this ILogger logger, LogLevel level, Overload state, int percent);
}
