namespace Crypto.TradeModel.Numbers;

/// <summary>A price in units of the quote asset, exact to eight decimals.</summary>
/// <param name="Scaled">The value times 1e8.</param>
public readonly record struct Price(long Scaled) : IComparable<Price>
{
    public static Price Zero => default;

    public static bool TryParse(ReadOnlySpan<byte> text, out Price value)
    {
        var parsed = FixedPoint.TryParse(text, out var scaled);
        value = new Price(scaled);
        return parsed;
    }

    /// <exception cref="FormatException">The text is not a decimal number that eight decimals hold exactly.</exception>
    public static Price Parse(string text) => new(FixedPoint.Parse(text));

    public int CompareTo(Price other) => Scaled.CompareTo(other.Scaled);

    public static bool operator <(Price left, Price right) => left.Scaled < right.Scaled;

    public static bool operator >(Price left, Price right) => left.Scaled > right.Scaled;

    public static bool operator <=(Price left, Price right) => left.Scaled <= right.Scaled;

    public static bool operator >=(Price left, Price right) => left.Scaled >= right.Scaled;

    /// <summary>Eight decimals: <c>84106.09000000</c>.</summary>
    public override string ToString() => FixedPoint.Format(Scaled);
}
