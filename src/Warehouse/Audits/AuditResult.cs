namespace Crypto.Warehouse.Audits;

/// <summary>The verdict of one audit over a warehouse.</summary>
/// <param name="Name">The audit's stable name in the field's words, such as <c>mutually_exclusive_ranges</c>.</param>
/// <param name="Description">What must hold.</param>
/// <param name="Examined">How many rows or ranges were looked at.</param>
/// <param name="FailingCount">How many broke the rule.</param>
/// <param name="Failing">The first of those, each readable on its own; at most <see cref="MaxFailing"/>.</param>
public sealed record AuditResult(string Name, string Description, long Examined, long FailingCount, IReadOnlyList<string> Failing)
{
    public const int MaxFailing = 20;

    public bool Passed => FailingCount == 0;
}
