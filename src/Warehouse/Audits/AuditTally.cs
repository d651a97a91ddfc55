namespace Crypto.Warehouse.Audits;

/// <summary>Collects what one audit finds.</summary>
public sealed class AuditTally(string name, string description)
{
    private readonly List<string> _failing = [];
    private long _failingCount;

    public long Examined { get; set; }

    public void Fail(FormattableString row)
    {
        if (_failingCount++ < AuditResult.MaxFailing) _failing.Add(FormattableString.Invariant(row));
    }

    public AuditResult ToResult() => new(name, description, Examined, _failingCount, _failing);
}
