namespace Crypto.Warehouse.Dimension;

/// <summary>
/// Who states a change. The number is the priority: of two changes about the same instant the higher one is applied last.
/// </summary>
public enum ChangeSource
{
    /// <summary>A trade of a symbol that no source has described yet: the inferred member.</summary>
    Inferred = 0,

    /// <summary>The exchange's own list of symbols.</summary>
    ExchangeInfo = 1,

    /// <summary>The reference file: sector and risk level.</summary>
    ReferenceFile = 2,

    /// <summary>A database's change stream.</summary>
    ChangeDataCapture = 3,
}

/// <summary>The names of sources, as stored and as configured.</summary>
public static class ChangeSources
{
    /// <summary>The stable name stored in <c>SYMBOL_CHANGES.source</c>.</summary>
    public static string Name(this ChangeSource source) => source switch
    {
        ChangeSource.Inferred => "inferred",
        ChangeSource.ExchangeInfo => "exchange_info",
        ChangeSource.ReferenceFile => "reference_file",
        ChangeSource.ChangeDataCapture => "change_data_capture",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, null),
    };

    /// <exception cref="FormatException">No source has this name.</exception>
    public static ChangeSource Parse(string name) =>
        TryParse(name, out var source) ? source : throw new FormatException($"'{name}' is no source of changes.");

    public static bool TryParse(string name, out ChangeSource source)
    {
        foreach (var candidate in Enum.GetValues<ChangeSource>())
        {
            if (candidate.Name() != name) continue;
            source = candidate;
            return true;
        }

        source = default;
        return false;
    }
}
