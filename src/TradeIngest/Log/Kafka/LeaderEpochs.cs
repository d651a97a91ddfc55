using System.Reflection;
using Confluent.Kafka;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Confluent.Kafka asks for leader epochs with every message consumed, which librdkafka has since 2.1. An older one (Debian 12 has 2.0.2)
/// is answered for: there are none. They serve to detect truncation, which the check of positions does here. To be deleted with support
/// of Debian 12.
/// </summary>
internal static class LeaderEpochs
{
    public static readonly Version Since = new(2, 1);

    /// <exception cref="InvalidOperationException">This version of Confluent.Kafka has other bindings.</exception>
    public static void DoWithout()
    {
        var bindings = typeof(Library).Assembly.GetType("Confluent.Kafka.Impl.Librdkafka", throwOnError: true)!;
        Bind("_message_leader_epoch", nameof(None));
        Bind("_topic_partition_get_leader_epoch", nameof(None));
        Bind("_topic_partition_set_leader_epoch", nameof(SetNone));

        void Bind(string field, string method)
        {
            const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic;
            var binding = bindings.GetField(field, Static)
                ?? throw new LogException($"This version of Confluent.Kafka has no {field}.");
            binding.SetValue(null, Delegate.CreateDelegate(binding.FieldType, typeof(LeaderEpochs).GetMethod(method, Static)!));
        }
    }

    private static int None(nint message) => -1;

    private static void SetNone(nint partition, int epoch)
    {
    }
}
