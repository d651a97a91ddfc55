namespace Crypto.TradeModel.Numbers;

/// <summary>A quantity in units of the base asset, exact to eight decimals.</summary>
/// <param name="Scaled">The value times 1e8.</param>
public readonly record struct Quantity(long Scaled) : IComparable<Quantity>
{
    public static Quantity Zero => default;

    public static bool TryParse(ReadOnlySpan<byte> text, out Quantity value)
    {
        var parsed = FixedPoint.TryParse(text, out var scaled);
        value = new Quantity(scaled);
        return parsed;
    }

    /// <exception cref="FormatException">The text is not a decimal number that eight decimals hold exactly.</exception>
    public static Quantity Parse(string text) => new(FixedPoint.Parse(text));

    public int CompareTo(Quantity other) => Scaled.CompareTo(other.Scaled);

    public static bool operator <(Quantity left, Quantity right) => left.Scaled < right.Scaled;

    public static bool operator >(Quantity left, Quantity right) => left.Scaled > right.Scaled;

    public static bool operator <=(Quantity left, Quantity right) => left.Scaled <= right.Scaled;

    public static bool operator >=(Quantity left, Quantity right) => left.Scaled >= right.Scaled;

    /// <summary>Eight decimals: <c>84106.09000000</c>.</summary>
    public override string ToString() => FixedPoint.Format(Scaled);
}
