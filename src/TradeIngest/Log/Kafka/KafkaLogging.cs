using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>What librdkafka has to say, in this service's log. It never holds values of settings.</summary>
internal static class KafkaLogging
{
    public static void Write(ILogger logger, LogMessage message)
    {
        // One set of settings serves all clients; that a producer ignores a consumer's is no news.
        if (message.Facility == "CONFWARN") return;
        logger.LibrdkafkaSays((LogLevel)message.LevelAs(LogLevelType.MicrosoftExtensionsLogging), message.Facility, message.Message);
    }

    public static void Write(ILogger logger, Error error)
    {
        if (error.IsFatal) logger.KafkaFatal(error.Code, error.Reason);
        else logger.KafkaError(error.Code, error.Reason);
    }
}
