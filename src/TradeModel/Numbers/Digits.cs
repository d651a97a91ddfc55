using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crypto.TradeModel.Numbers;

/// <summary>Decimal digits of integers, sixteen at a time in one vector.</summary>
internal static class Digits
{
    /// <summary>Digits of one vector.</summary>
    public const int PerVector = 16;

    /// <summary>One more than the largest number of a vector.</summary>
    public const long VectorLimit = WordLimit * WordLimit;

    /// <summary>Digits of one word, half a vector.</summary>
    public const int PerWord = 8;

    /// <summary>One more than the largest number of a word.</summary>
    public const long WordLimit = 100_000_000;

    private const ulong Zeros = 0x3030303030303030;

    /// <summary>Writes a number below <see cref="VectorLimit"/> as sixteen digits, led by zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteVector(Span<byte> destination, ulong value) =>
        (Split(value) | Vector128.Create(Zeros).AsByte()).CopyTo(destination);

    /// <summary>Writes a number below <see cref="WordLimit"/> as eight digits, led by zeros.</summary>
    public static void WriteWord(Span<byte> destination, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Split(value).AsUInt64().GetElement(1) | Zeros);

    /// <summary>
    /// Writes a number below <see cref="VectorLimit"/> without leading zeros. Takes room for a whole vector, of which the part after
    /// the digits is left undefined.
    /// </summary>
    /// <returns>The number of digits.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteShort(Span<byte> destination, ulong value)
    {
        var words = Split(value).AsUInt64();
        var (high, low) = (words.ToScalar(), words.GetElement(1));
        if (high == 0) return WriteWordShort(destination, low);
        var digits = WriteWordShort(destination, high);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[digits..], low | Zeros);
        return digits + PerWord;
    }

    /// <summary>
    /// Writes a number below <see cref="VectorLimit"/> with a point before the last eight digits and at least one digit before it.
    /// Takes room for a vector and the point; the part after the text is left undefined.
    /// </summary>
    /// <returns>The number of bytes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteWithPoint(Span<byte> destination, ulong value)
    {
        var words = Split(value).AsUInt64();
        var position = WriteWordShort(destination, words.ToScalar());
        destination[position++] = (byte)'.';
        BinaryPrimitives.WriteUInt64LittleEndian(destination[position..], words.GetElement(1) | Zeros);
        return position + PerWord;
    }

    // A word of digits 0 to 9, the first in the lowest byte; the last one may be any.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteWordShort(Span<byte> destination, ulong digits)
    {
        var leading = BitOperations.TrailingZeroCount(digits | (1UL << 56)) & ~7;
        BinaryPrimitives.WriteUInt64LittleEndian(destination, (digits | Zeros) >> leading);
        return PerWord - (leading >> 3);
    }

    // Fours, then pairs, then single digits, all of one kind at once (P. Khuong, "How to print integers really fast", 2017).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Split(ulong value)
    {
        var (high, low) = Math.DivRem(value, WordLimit);
        var (first, second) = Math.DivRem((uint)high, 10_000u);
        var (third, fourth) = Math.DivRem((uint)low, 10_000u);
        var fours = Vector128.Create(first | ((ulong)second << 32), third | ((ulong)fourth << 32)).AsUInt32();
        var hundreds = (fours * 10_486u) >>> 20;
        var pairs = (hundreds + ((fours - (hundreds * 100u)) << 16)).AsUInt16();
        var tens = (pairs * 103) >>> 10;
        return (tens + ((pairs - (tens * 10)) << 8)).AsByte();
    }
}
