using System.Buffers;

namespace Crypto.TradeIngest.Log.Embedded;

/// <summary>
/// The bytes of one row of the embedded log: for each record the lengths of key and value as variable-length integers (seven bits
/// a byte, lowest first), then key and value. A CRC-32C beside the row tells a damaged one from a good one.
/// </summary>
internal static class BatchEncoding
{
    private const int MaxVarint = 5;

    public static void Append(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var span = output.GetSpan((2 * MaxVarint) + key.Length + value.Length);
        var position = WriteVarint(span, (uint)key.Length);
        position += WriteVarint(span[position..], (uint)value.Length);
        key.CopyTo(span[position..]);
        value.CopyTo(span[(position + key.Length)..]);
        output.Advance(position + key.Length + value.Length);
    }

    /// <summary>Takes one record off the front of <paramref name="batch"/>.</summary>
    /// <returns>False when the bytes are no record.</returns>
    public static bool TryTake(ref ReadOnlySpan<byte> batch, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = value = default;
        var rest = batch;
        if (!TryReadVarint(ref rest, out var keyLength) || !TryReadVarint(ref rest, out var valueLength)) return false;
        if ((ulong)keyLength + valueLength > (ulong)rest.Length) return false;
        key = rest[..(int)keyLength];
        value = rest.Slice((int)keyLength, (int)valueLength);
        batch = rest[(int)(keyLength + valueLength)..];
        return true;
    }

    private static int WriteVarint(Span<byte> output, uint value)
    {
        var written = 0;
        for (; value >= 0x80; value >>= 7) output[written++] = (byte)(value | 0x80);
        output[written++] = (byte)value;
        return written;
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> input, out uint value)
    {
        value = 0;
        for (var i = 0; i < MaxVarint && i < input.Length; i++)
        {
            value |= (uint)(input[i] & 0x7F) << (7 * i);
            if (input[i] >= 0x80) continue;
            input = input[(i + 1)..];
            return true;
        }

        return false;
    }
}
