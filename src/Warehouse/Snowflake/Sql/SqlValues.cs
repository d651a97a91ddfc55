using System.Globalization;
using System.Numerics;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>
/// A decimal number as stored: <c>Unscaled</c> × 10^-<c>Scale</c>. Snowflake's have up to 38 digits, more than .NET's decimal.
/// </summary>
public readonly record struct SqlDecimal(BigInteger Unscaled, int Scale)
{
    /// <exception cref="FormatException">It is no plain decimal.</exception>
    public static SqlDecimal Parse(string text, int scale)
    {
        ArgumentNullException.ThrowIfNull(text);
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? 0 : text.Length - point - 1;
        var digits = point < 0 ? text : text.Remove(point, 1);
        var unscaled = BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (fraction > scale) throw new FormatException($"'{text}' has more than {scale} decimals.");
        return new SqlDecimal(unscaled * BigInteger.Pow(10, scale - fraction), scale);
    }

    /// <summary>The number times 10^<paramref name="scale"/> in 64 bits.</summary>
    /// <exception cref="OverflowException">It does not fit, or has more decimals.</exception>
    public long ToScaled(int scale)
    {
        if (scale >= Scale) return (long)(Unscaled * BigInteger.Pow(10, scale - Scale));
        var quotient = BigInteger.DivRem(Unscaled, BigInteger.Pow(10, Scale - scale), out var remainder);
        return remainder.IsZero ? (long)quotient : throw new OverflowException($"{this} has more than {scale} decimals.");
    }

    public override string ToString()
    {
        var digits = BigInteger.Abs(Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        return (Unscaled.Sign < 0 ? "-" : "") + (Scale == 0 ? digits : $"{digits[..^Scale]}.{digits[^Scale..]}");
    }
}

/// <summary>An instant, exact to the nanosecond.</summary>
/// <param name="Nanoseconds">Since 1970, in UTC; for a timestamp without a zone as if its clock were UTC.</param>
/// <param name="OffsetMinutes">East of UTC, where the value carries an offset.</param>
public readonly record struct SqlInstant(Int128 Nanoseconds, int? OffsetMinutes)
{
    /// <summary>Microseconds; what is finer is cut off towards the past.</summary>
    public TradeModel.Times.Timestamp ToTimestamp() =>
        new((long)((Nanoseconds - (((Nanoseconds % 1000) + 1000) % 1000)) / 1000));

    /// <summary>Reads <c>1616173619.000000000</c>, maybe negative, maybe with <c> 960</c> (offset minutes plus a day) behind it.</summary>
    public static SqlInstant Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        int? offset = blank < 0 ? null : int.Parse(text.AsSpan(blank + 1), NumberStyles.None, CultureInfo.InvariantCulture) - 1440;
        var number = SqlDecimal.Parse(blank < 0 ? text : text[..blank], 9);
        return new SqlInstant((Int128)number.Unscaled, offset);
    }
}

/// <summary>A time of day, exact to the nanosecond.</summary>
public readonly record struct SqlTimeOfDay(long Nanoseconds);
