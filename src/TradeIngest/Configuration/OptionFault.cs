namespace Crypto.TradeIngest.Configuration;

/// <summary>What is wrong with one option, and what to do.</summary>
/// <param name="Key">Its key, such as <c>Exchange:Rest</c>; relative to the section that found the fault.</param>
internal readonly record struct OptionFault(string Key, string Message)
{
    public OptionFault Under(string section) => this with { Key = $"{section}:{Key}" };

    public override string ToString() => $"{Key}: {Message}";
}

/// <summary>A section whose options have rules beside their ranges, such as one that bounds another.</summary>
internal interface IOptionRules
{
    /// <summary>Every fault; none when the section can be used.</summary>
    IEnumerable<OptionFault> Faults();
}
