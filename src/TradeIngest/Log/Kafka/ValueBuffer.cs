using System.Buffers;
using Confluent.Kafka;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Takes a value's bytes while librdkafka still owns them, so that no array is made per message. The client "deserializes" into
/// its length; the bytes wait here until the next message.
/// </summary>
internal sealed class ValueBuffer : IDeserializer<int>
{
    private readonly ArrayBufferWriter<byte> _last = new(64 * 1024);

    /// <summary>The value that was consumed last.</summary>
    public ReadOnlySpan<byte> Last => _last.WrittenSpan;

    public int Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context)
    {
        _last.ResetWrittenCount();
        _last.Write(data);
        return data.Length;
    }
}
