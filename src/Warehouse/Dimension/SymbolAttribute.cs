namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The tracked attributes of a symbol: a difference in one of them makes a new version. The order is that of the change hash,
/// version 1; a new attribute goes at the end, so that rows without it keep their hash.
/// </summary>
public enum SymbolAttribute
{
    BaseAsset,
    QuoteAsset,
    Sector,
    RiskLevel,
    Status,
    TickSize,
    StepSize,
}

public static class SymbolAttributes
{
    private static readonly string[] Names = ["base_asset", "quote_asset", "sector", "risk_level", "status", "tick_size", "step_size"];

    /// <summary>All attributes in hash order.</summary>
    public static IReadOnlyList<SymbolAttribute> All { get; } = Enum.GetValues<SymbolAttribute>();

    /// <summary>The column's name, such as <c>risk_level</c>.</summary>
    public static string Column(this SymbolAttribute attribute) => Names[(int)attribute];

    public static bool TryParse(string column, out SymbolAttribute attribute)
    {
        var index = Array.IndexOf(Names, column);
        attribute = (SymbolAttribute)Math.Max(index, 0);
        return index >= 0;
    }
}
