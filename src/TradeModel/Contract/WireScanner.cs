using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeModel.Contract;

/// <summary>
/// Reads text whose layout is known beforehand, from left to right: the fast path of the parsers. Every method returns false on
/// anything but the plainest form of what it reads, even where that would be valid, and then the text belongs to the general
/// path. It never accepts what the general path would refuse.
/// </summary>
public ref struct WireScanner(ReadOnlySpan<byte> text)
{
    private const ulong Zeros = 0x3030303030303030;
    private const int ChunkDigits = 8;

    private static readonly long[] PowersOfTen = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    private ReadOnlySpan<byte> _rest = text;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Moves past <paramref name="literal"/> if it comes next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Skip(scoped ReadOnlySpan<byte> literal)
    {
        if (!_rest.StartsWith(literal)) return false;
        _rest = _rest[literal.Length..];
        return true;
    }

    /// <summary>Reads a JSON string's content up to its closing quote and past it. ASCII without escapes only.</summary>
    public bool TryReadPlainString(out ReadOnlySpan<byte> content)
    {
        var end = IndexOfUnplain(_rest);
        if (end < 0 || _rest[end] != (byte)'"')
        {
            content = default;
            return false;
        }

        content = _rest[..end];
        _rest = _rest[(end + 1)..];
        return true;
    }

    /// <summary>Reads an integer of 1 to 18 digits as JSON writes it: no sign, no leading zero.</summary>
    public bool TryReadInteger(out long value)
    {
        var leadingZero = !_rest.IsEmpty && _rest[0] == (byte)'0';
        return TryReadDigits(out value, out var count) && count is > 0 and <= 18 && (!leadingZero || count == 1);
    }

    /// <summary>Reads a decimal with exactly eight decimals and no sign, as the exchange pads it, scaled by 1e8.</summary>
    public bool TryReadFixedPoint(out long scaled)
    {
        scaled = 0;
        if (!TryReadDigits(out var integer, out var count) || count is 0 or > 18) return false;
        if (integer >= long.MaxValue / FixedPoint.One) return false;
        if (_rest.Length <= FixedPoint.Decimals || _rest[0] != (byte)'.') return false;

        var digits = BinaryPrimitives.ReadUInt64LittleEndian(_rest[1..]) ^ Zeros;
        if (NonDigits(digits) != 0) return false;
        scaled = (integer * FixedPoint.One) + Value(digits);
        _rest = _rest[(1 + FixedPoint.Decimals)..];
        return true;
    }

    // Names are short: the first sixteen bytes nearly always hold the end, which leaves little for a general search to gain.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int IndexOfUnplain(ReadOnlySpan<byte> text)
    {
        var start = 0;
        for (; text.Length - start >= Vector128<byte>.Count; start += Vector128<byte>.Count)
        {
            var bytes = Vector128.Create(text.Slice(start, Vector128<byte>.Count));

            // As signed numbers the bytes outside ASCII are negative, so they are below the blank with the control characters.
            var unplain = Vector128.LessThan(bytes.AsSByte(), Vector128.Create((sbyte)' ')).AsByte()
                | Vector128.Equals(bytes, Vector128.Create((byte)'"'))
                | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))
                | Vector128.Equals(bytes, Vector128.Create((byte)0x7F));
            var bits = unplain.ExtractMostSignificantBits();
            if (bits != 0) return start + BitOperations.TrailingZeroCount(bits);
        }

        for (; start < text.Length; start++)
        {
            if (text[start] is < (byte)' ' or >= 0x7F or (byte)'"' or (byte)'\\') return start;
        }

        return -1;
    }

    // At most 24 digits are looked at; what came out is meaningless beyond 18.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadDigits(out long value, out int count)
    {
        value = 0;
        count = 0;
        for (var chunk = 0; chunk < 3; chunk++)
        {
            // Near the end of the text there is no whole chunk to load. Numbers do not stand there.
            if (_rest.Length < ChunkDigits) return false;
            var digits = BinaryPrimitives.ReadUInt64LittleEndian(_rest) ^ Zeros;
            var nonDigits = NonDigits(digits);
            if (nonDigits == 0)
            {
                value = (value * 100_000_000) + Value(digits);
                count += ChunkDigits;
                _rest = _rest[ChunkDigits..];
                continue;
            }

            var length = BitOperations.TrailingZeroCount(nonDigits) >> 3;
            if (length > 0)
            {
                // Shifted so that the digits are the last of eight, led by zeros.
                value = (value * PowersOfTen[length]) + Value(digits << ((ChunkDigits - length) * 8));
                count += length;
                _rest = _rest[length..];
            }

            return true;
        }

        return false;
    }

    // High bit set in the bytes above 9. A carry out of a byte of 0x8A and more reaches only bytes after it, and the first one counts.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonDigits(ulong digits) => ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;

    // Eight digits at once: pairs, then fours, then eight (D. Lemire, "Quickly parsing eight digits", 2018).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Value(ulong digits)
    {
        digits = (digits * 10) + (digits >> 8);
        return (long)((((digits & 0x000000FF000000FF) * 0x000F424000000064)
            + (((digits >> 16) & 0x000000FF000000FF) * 0x0000271000000001)) >> 32);
    }
}
