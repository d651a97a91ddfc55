using Confluent.Kafka;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>Says in the log's terms what a broker or librdkafka said: what may pass, what never will, and what to do.</summary>
internal static class KafkaFailures
{
    public static StorageException Of(Error error, string doing, KafkaOptions options, Exception? inner = null)
    {
        var fault = FaultOf(error);
        return new StorageException(
            fault, $"Kafka at {options.BootstrapServers}: {doing} failed ({error.Code}: {error.Reason}). {Advice(error, fault)}", inner);
    }

    /// <summary>Whether trying the same again may help, at once or after a while.</summary>
    public static bool IsTransient(Error error) => !error.IsFatal && FaultOf(error) == StorageFault.Busy;

    /// <summary>Whether the brokers do not let this user in, or are not those they should be.</summary>
    public static bool IsRefusal(Error error) => FaultOf(error) == StorageFault.ReadOnly;

    private static StorageFault FaultOf(Error error) => error.Code switch
    {
        _ when error.IsFatal => StorageFault.Failed,
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.Local_Authentication or ErrorCode.SaslAuthenticationFailed
            or ErrorCode.UnsupportedSaslMechanism or ErrorCode.IllegalSaslState or ErrorCode.SecurityDisabled or ErrorCode.Local_Ssl =>
                StorageFault.ReadOnly,
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition or ErrorCode.UnknownTopicId =>
            StorageFault.Missing,
        ErrorCode.KafkaStorageError or ErrorCode.FencedInstanceId => StorageFault.Failed,
        ErrorCode.MsgSizeTooLarge or ErrorCode.InvalidMsg or ErrorCode.InvalidRecord or ErrorCode.RecordListTooLarge
            or ErrorCode.PolicyViolation
            or ErrorCode.UnsupportedCompressionType or ErrorCode.UnsupportedForMessageFormat or ErrorCode.UnsupportedVersion
            or ErrorCode.Local_UnsupportedFeature or ErrorCode.InvalidRequiredAcks or ErrorCode.Local_InvalidArg or ErrorCode.Local_Fail =>
                StorageFault.Failed,
        _ => StorageFault.Busy,
    };

    private static string Advice(Error error, StorageFault fault) => fault switch
    {
        StorageFault.ReadOnly => "Check the credentials and certificates under Kafka:Settings, and the ACLs of this user.",
        StorageFault.Missing => "Create the topic, or let the service do it (Kafka:CreateTopics=true).",
        StorageFault.Failed when error.Code == ErrorCode.MsgSizeTooLarge =>
            "Raise max.message.bytes of the topic, or message.max.bytes of the broker.",
        StorageFault.Failed when error.Code == ErrorCode.FencedInstanceId =>
            "Another process of the group has the same Kafka:InstanceId; give each a name of its own.",
        StorageFault.Failed => "The records were not appended; trying again will not help.",
        _ => "The brokers may be starting or changing leaders; the same may succeed later.",
    };
}
