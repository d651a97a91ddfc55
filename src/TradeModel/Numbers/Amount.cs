namespace Crypto.TradeModel.Numbers;

/// <summary>An amount of the quote asset or of US dollars, exact to eight decimals.</summary>
/// <param name="Scaled">The value times 1e8.</param>
public readonly record struct Amount(long Scaled) : IComparable<Amount>
{
    public static Amount Zero => default;

    public static bool TryParse(ReadOnlySpan<byte> text, out Amount value)
    {
        var parsed = FixedPoint.TryParse(text, out var scaled);
        value = new Amount(scaled);
        return parsed;
    }

    /// <exception cref="FormatException">The text is not a decimal number that eight decimals hold exactly.</exception>
    public static Amount Parse(string text) => new(FixedPoint.Parse(text));

    public int CompareTo(Amount other) => Scaled.CompareTo(other.Scaled);

    public static bool operator <(Amount left, Amount right) => left.Scaled < right.Scaled;

    public static bool operator >(Amount left, Amount right) => left.Scaled > right.Scaled;

    public static bool operator <=(Amount left, Amount right) => left.Scaled <= right.Scaled;

    public static bool operator >=(Amount left, Amount right) => left.Scaled >= right.Scaled;

    /// <summary>Eight decimals: <c>84106.09000000</c>.</summary>
    public override string ToString() => FixedPoint.Format(Scaled);

    /// <summary>
    /// Price × quantity: the exact 128-bit product rounded half to even at eight decimals.
    /// </summary>
    /// <returns>False when the amount does not fit in 64 bits (92 billion and more); nothing wraps around.</returns>
    public static bool TryMultiply(Price price, Quantity quantity, out Amount amount)
    {
        var product = (Int128)price.Scaled * quantity.Scaled;
        var quotient = product / FixedPoint.One;
        var remainder = (long)(product % FixedPoint.One);
        var twice = Math.Abs(remainder) * 2;
        if (twice > FixedPoint.One || (twice == FixedPoint.One && !Int128.IsEvenInteger(quotient)))
        {
            quotient += product < 0 ? -1 : 1;
        }

        var fits = quotient >= long.MinValue && quotient <= long.MaxValue;
        amount = fits ? new Amount((long)quotient) : default;
        return fits;
    }
}
