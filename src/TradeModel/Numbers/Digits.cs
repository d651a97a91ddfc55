using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Crypto.TradeModel.Numbers;

/// <summary>Decimal digits of integers, eight at a time in one 64-bit word.</summary>
internal static class Digits
{
    /// <summary>Digits of one word.</summary>
    public const int PerWord = 8;

    /// <summary>One more than the largest number of a word.</summary>
    public const long WordLimit = 100_000_000;

    private const ulong Zeros = 0x3030303030303030;

    /// <summary>Writes a number below <see cref="WordLimit"/> as eight digits, led by zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteWord(Span<byte> destination, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(destination, Split(value) | Zeros);

    /// <summary>
    /// Writes a number below <see cref="WordLimit"/> without leading zeros. Takes room for a whole word, of which the part after the
    /// digits is left undefined.
    /// </summary>
    /// <returns>The number of digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteShort(Span<byte> destination, ulong value)
    {
        var digits = Split(value);
        var leading = digits == 0 ? PerWord - 1 : BitOperations.TrailingZeroCount(digits) >> 3;
        BinaryPrimitives.WriteUInt64LittleEndian(destination, (digits | Zeros) >> (leading * 8));
        return PerWord - leading;
    }

    // Fours, then pairs, then single digits, all of one kind at once (P. Khuong, "How to print integers really fast", 2017).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Split(ulong value)
    {
        var (high, low) = Math.DivRem((uint)value, 10_000u);
        var fours = high | ((ulong)low << 32);
        var hundreds = ((fours * 10_486) >> 20) & 0x0000007F_0000007F;
        var pairs = hundreds + ((fours - (100 * hundreds)) << 16);
        var tens = ((pairs * 103) >> 10) & 0x000F000F_000F000F;
        return tens + ((pairs - (10 * tens)) << 8);
    }
}
