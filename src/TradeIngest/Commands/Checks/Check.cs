namespace Crypto.TradeIngest.Commands.Checks;

internal enum CheckTier
{
    /// <summary>Each option by itself.</summary>
    Configuration,

    /// <summary>Whether the parts fit together.</summary>
    Topology,

    /// <summary>Whether what the service needs can be reached and used.</summary>
    Environment,
}

/// <summary>One line of <c>check</c>.</summary>
/// <param name="Detail">What was found.</param>
/// <param name="Advice">What to do when it failed; else empty.</param>
internal sealed record Check(CheckTier Tier, string Name, bool Passed, string Detail, string Advice = "")
{
    public static Check Pass(CheckTier tier, string name, string detail) => new(tier, name, true, detail);

    public static Check Fail(CheckTier tier, string name, string detail, string advice) => new(tier, name, false, detail, advice);
}
