using System.Buffers.Binary;

namespace Crypto.TradeIngest.Log;

/// <summary>
/// Key to partition as Kafka's Java client does it (murmur2 with its fixed seed), so that a symbol lands in the same partition
/// whichever log or client writes it.
/// </summary>
internal static class Partitioner
{
    public static int Of(ReadOnlySpan<byte> key, int partitions) =>
        partitions == 1 ? 0 : (int)((Murmur2(key) & 0x7fffffff) % (uint)partitions);

    internal static uint Murmur2(ReadOnlySpan<byte> key)
    {
        const uint Multiplier = 0x5bd1e995;
        var hash = 0x9747b28c ^ (uint)key.Length;
        for (; key.Length >= 4; key = key[4..])
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(key) * Multiplier;
            word = (word ^ (word >> 24)) * Multiplier;
            hash = (hash * Multiplier) ^ word;
        }

        if (key.Length >= 3) hash ^= (uint)key[2] << 16;
        if (key.Length >= 2) hash ^= (uint)key[1] << 8;
        if (key.Length >= 1) hash = (hash ^ key[0]) * Multiplier;
        hash = (hash ^ (hash >> 13)) * Multiplier;
        return hash ^ (hash >> 15);
    }
}
