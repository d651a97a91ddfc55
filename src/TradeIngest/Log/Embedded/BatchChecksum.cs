using System.Buffers.Binary;
using System.Text;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Log.Embedded;

/// <summary>The checksum of a row of the embedded log: of its records and of all that stands beside them.</summary>
internal static class BatchChecksum
{
    public static uint Of(string topic, int partition, long baseOffset, int count, long appendedAt, ReadOnlySpan<byte> records)
    {
        Span<byte> header = stackalloc byte[24 + Encoding.UTF8.GetMaxByteCount(topic.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(header, partition);
        BinaryPrimitives.WriteInt64LittleEndian(header[4..], baseOffset);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], count);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], appendedAt);
        var length = 24 + Encoding.UTF8.GetBytes(topic, header[24..]);
        return Crc32C.Of(header[..length]) ^ Crc32C.Of(records);
    }

    /// <summary>Whether a row is as it was written; earlier versions wrote the checksum of the records alone.</summary>
    public static bool Matches(
        long checksum, string topic, int partition, long baseOffset, int count, long appendedAt, ReadOnlySpan<byte> records) =>
        checksum == Of(topic, partition, baseOffset, count, appendedAt, records) || checksum == Crc32C.Of(records);
}
