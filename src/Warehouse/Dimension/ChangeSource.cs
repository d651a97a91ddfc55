namespace Crypto.Warehouse.Dimension;

/// <summary>Who states a change. The number is the priority: of two statements about the same instant the higher one is applied last.</summary>
public enum ChangeSource
{
    /// <summary>A trade of a symbol that no source has described yet: the inferred member.</summary>
    Inferred = 0,

    /// <summary>The exchange's own list of symbols.</summary>
    ExchangeInfo = 1,

    /// <summary>The reference file: sector and risk level.</summary>
    ReferenceFile = 2,
}

public static class ChangeSources
{
    /// <summary>The stable name stored in <c>SYMBOL_CHANGES.source</c>.</summary>
    public static string Name(this ChangeSource source) => source switch
    {
        ChangeSource.Inferred => "inferred",
        ChangeSource.ExchangeInfo => "exchange_info",
        ChangeSource.ReferenceFile => "reference_file",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, null),
    };

    public static ChangeSource Parse(string name) => Enum.GetValues<ChangeSource>().First(source => source.Name() == name);
}
