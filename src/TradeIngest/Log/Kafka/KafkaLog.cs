using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>What the log on Kafka logs.</summary>
internal static partial class KafkaLog
{
    [LoggerMessage(EventId = 2101, Message = "librdkafka {Facility}: {Reason}")]
    public static partial void LibrdkafkaSays(this ILogger logger, LogLevel level, string facility, string reason);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "Kafka: {Code}: {Reason}")]
    public static partial void KafkaFatal(this ILogger logger, ErrorCode code, string reason);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Warning, Message = "Kafka: {Code}: {Reason}")]
    public static partial void KafkaError(this ILogger logger, ErrorCode code, string reason);

    [LoggerMessage(EventId = 2104, Level = LogLevel.Warning, Message = "{Client} did not close within {Timeout} and is left behind.")]
    public static partial void ClientLeftBehind(this ILogger logger, string client, TimeSpan timeout);

    [LoggerMessage(EventId = 2105, Level = LogLevel.Warning, Message = "{Client} closed with an error: {Reason}")]
    public static partial void ClientClosedWithError(this ILogger logger, string client, string reason);

    [LoggerMessage(EventId = 2106, Level = LogLevel.Warning, Message = "{Reason} Appending again in {Wait}.")]
    public static partial void AppendingAgain(this ILogger logger, string reason, TimeSpan wait);

    [LoggerMessage(EventId = 2107, Level = LogLevel.Information, Message = "{Topic}: partitions {Partitions} assigned.")]
    public static partial void PartitionsAssigned(this ILogger logger, string topic, string partitions);

    [LoggerMessage(EventId = 2108, Level = LogLevel.Information, Message = "{Topic}: partitions {Partitions} {How}.")]
    public static partial void PartitionsGone(this ILogger logger, string topic, string partitions, string how);

    [LoggerMessage(
        EventId = 2109, Level = LogLevel.Warning,
        Message = "{Topic}: partitions are released before what was loaded is checkpointed: {Reason}")]
    public static partial void ReleasedWithoutCheckpoint(this ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 2110, Level = LogLevel.Error, Message = "{Topic}: {Reason}")]
    public static partial void GroupMemberFailed(this ILogger logger, string topic, string reason);

    [LoggerMessage(
        EventId = 2111, Level = LogLevel.Information,
        Message = "{Topic}/{Partition} went to another member, which was faster: {Reason}")]
    public static partial void LoadAbandoned(this ILogger logger, string topic, int partition, string reason);

    [LoggerMessage(
        EventId = 2112, Level = LogLevel.Warning, Message = "{Topic} is read again from where the warehouse stands: {Reason}")]
    public static partial void GroupRewinding(this ILogger logger, string topic, string reason);

    [LoggerMessage(
        EventId = 2113, Level = LogLevel.Warning,
        Message = "The warehouse does not say where {Topic} stands and is asked again: {Reason}")]
    public static partial void GroupPositionUnknown(this ILogger logger, string topic, string reason);

    [LoggerMessage(
        EventId = 2114, Level = LogLevel.Warning,
        Message = "{Topic}: the brokers refused an offset that they have; joining again: {Reason}")]
    public static partial void OffsetRefused(this ILogger logger, string topic, string reason);

    [LoggerMessage(EventId = 2115, Level = LogLevel.Error, Message = "{Group}: {Reason}")]
    public static partial void ElectionFailed(this ILogger logger, string group, string reason);

    [LoggerMessage(
        EventId = 2116, Level = LogLevel.Warning, Message = "{Group}: this process was silent for {Session} or longer and joins again.")]
    public static partial void SilentForASession(this ILogger logger, string group, TimeSpan session);

    [LoggerMessage(EventId = 2117, Level = LogLevel.Information, Message = "{Group}: {State}.")]
    public static partial void LeadershipChanged(this ILogger logger, string group, string state);

    [LoggerMessage(EventId = 2118, Level = LogLevel.Information, Message = "Created topic {Topic} with {Partitions} partitions.")]
    public static partial void TopicCreated(this ILogger logger, string topic, int partitions);

    [LoggerMessage(
        EventId = 2119, Level = LogLevel.Warning,
        Message = "Topic {Topic} keeps records for {Kept}, configured are {Retention}: a sink that is away longer loses records. {How}")]
    public static partial void ShortRetention(this ILogger logger, string topic, TimeSpan kept, TimeSpan retention, string how);

    [LoggerMessage(
        EventId = 2120, Level = LogLevel.Warning, Message = "Retention and compaction of the topics could not be compared: {Reason}.")]
    public static partial void TopicsNotCompared(this ILogger logger, string reason);

    [LoggerMessage(
        EventId = 2121, Level = LogLevel.Warning,
        Message = "The ids of the topics could not be asked for, so that a recreated topic may not be noticed: {Reason}.")]
    public static partial void TopicIdsUnknown(this ILogger logger, string reason);
}
