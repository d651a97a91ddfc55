namespace Crypto.TradeModel.Numbers;

/// <summary>
/// Decimal text to 64-bit integers scaled by 1e8 and back, on UTF-8, without floating point and without allocating.
/// The range is that of <see cref="long"/>: -92233720368.54775808 to 92233720368.54775807.
/// </summary>
public static class FixedPoint
{
    /// <summary>Decimal places kept.</summary>
    public const int Decimals = 8;

    /// <summary>Units of the last place in one: 10^8.</summary>
    public const long One = 100_000_000;

    /// <summary>Bytes of the longest text <see cref="TryFormat"/> writes: <c>-92233720368.54775808</c>.</summary>
    public const int MaxLength = 21;

    /// <summary>
    /// Parses <c>-?digits(.digits)?</c>. Refuses exponents, signs other than a leading minus, blanks, values out of range
    /// and non-zero digits past the eighth decimal: rounding would be a silent change.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long scaled)
    {
        scaled = 0;
        var position = 0;
        var negative = text.Length > 0 && text[0] == (byte)'-';
        if (negative) position = 1;

        // Accumulated as a negative number: long.MinValue has no positive counterpart.
        long value = 0;
        var integerDigits = 0;
        for (; position < text.Length; position++, integerDigits++)
        {
            var digit = (uint)(text[position] - '0');
            if (digit > 9) break;
            if (!TryPush(ref value, digit)) return false;
        }

        if (integerDigits == 0) return false;

        var fraction = 0;
        if (position < text.Length)
        {
            if (text[position++] != (byte)'.' || position == text.Length) return false;
            for (; position < text.Length; position++)
            {
                var digit = (uint)(text[position] - '0');
                if (digit > 9) return false;
                if (fraction == Decimals)
                {
                    if (digit != 0) return false;
                    continue;
                }

                if (!TryPush(ref value, digit)) return false;
                fraction++;
            }
        }

        for (; fraction < Decimals; fraction++)
        {
            if (!TryPush(ref value, 0)) return false;
        }

        if (!negative)
        {
            if (value == long.MinValue) return false;
            value = -value;
        }

        scaled = value;
        return true;
    }

    /// <summary>
    /// Whether the text has the form <c>-?digits(.digits)?</c>, of any size: distinguishes a number that does not fit from what is
    /// no number, after <see cref="TryParse"/> refused it.
    /// </summary>
    public static bool IsDecimal(ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty && text[0] == (byte)'-') text = text[1..];
        var point = text.IndexOf((byte)'.');
        var integer = point < 0 ? text : text[..point];
        if (integer.IsEmpty || integer.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        return point < 0 || (text.Length > point + 1 && !text[(point + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9'));
    }

    /// <summary>Writes the value padded to eight decimals, as the exchange does: <c>84106.09000000</c>.</summary>
    /// <returns>False when <paramref name="destination"/> is too small; <see cref="MaxLength"/> bytes always suffice.</returns>
    public static bool TryFormat(long scaled, Span<byte> destination, out int written)
    {
        if (destination.Length < MaxLength) return TryFormatTight(scaled, destination, out written);

        written = scaled is >= 0 and < Digits.VectorLimit
            ? Digits.WriteWithPoint(destination, (ulong)scaled)
            : WriteAny(scaled, destination);
        return true;
    }

    /// <summary>The text of <see cref="TryFormat"/> as a string, for messages and tests.</summary>
    public static string Format(long scaled)
    {
        Span<byte> buffer = stackalloc byte[MaxLength];
        TryFormat(scaled, buffer, out var written);
        return System.Text.Encoding.ASCII.GetString(buffer[..written]);
    }

    /// <summary>Parses text, for configuration and tests.</summary>
    /// <exception cref="FormatException">The text is not a decimal number that eight decimals hold exactly.</exception>
    public static long Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var scaled)
            ? scaled
            : throw new FormatException($"'{text}' is not a decimal number with at most {Decimals} decimals in the 64-bit range.");
    }

    // By itself: where there is a stackalloc, the compiler keeps the span in memory, which costs a stalled load per number.
    private static bool TryFormatTight(long scaled, Span<byte> destination, out int written)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        TryFormat(scaled, text, out written);
        if (text[..written].TryCopyTo(destination)) return true;
        written = 0;
        return false;
    }

    // Into MaxLength bytes, of which those after the text may be written too.
    private static int WriteAny(long scaled, Span<byte> text)
    {
        var magnitude = scaled < 0 ? (ulong)-(scaled + 1) + 1 : (ulong)scaled;
        var position = 0;
        if (scaled < 0) text[position++] = (byte)'-';
        var (integer, fraction) = Math.DivRem(magnitude, (ulong)One);
        position += Digits.WriteShort(text[position..], integer);
        text[position++] = (byte)'.';
        Digits.WriteWord(text[position..], fraction);
        return position + Decimals;
    }

    private static bool TryPush(ref long negativeValue, uint digit)
    {
        if (negativeValue < long.MinValue / 10) return false;
        var shifted = negativeValue * 10;
        if (shifted < long.MinValue + digit) return false;
        negativeValue = shifted - digit;
        return true;
    }
}
