namespace Crypto.TradeIngest.Configuration;

/// <summary>
/// The values an option takes, both bounds included, written as an operator writes them: <c>1</c>, <c>50ms</c>, <c>16GiB</c>.
/// </summary>
/// <param name="from">The least value.</param>
/// <param name="to">The greatest; null where there is none.</param>
[AttributeUsage(AttributeTargets.Property)]
internal class WithinAttribute(string from, string? to = null) : Attribute
{
    public string From { get; } = from;

    public string? To { get; } = to;

    /// <summary>A value outside the bounds that is taken too, such as <c>infinite</c>.</summary>
    public string? Or { get; init; }
}

/// <summary>The same for a number of bytes, which is written and shown with a unit.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BytesWithinAttribute(string from, string? to = null) : WithinAttribute(from, to);

/// <summary>An address, or several separated by commas, whose credentials are never shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AddressAttribute : Attribute;

/// <summary>Set by code from other options, and therefore not configurable by itself.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DerivedAttribute : Attribute;
