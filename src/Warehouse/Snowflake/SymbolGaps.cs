using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;

namespace Crypto.Warehouse.Snowflake;

/// <summary>The coverage and gaps of one symbol between two checkpoints: as the tables have them, and what happened since.</summary>
internal sealed class SymbolGaps
{
    private readonly Dictionary<long, OpenGap> _open = [];

    /// <summary>Coverage as the table has it; to be read only.</summary>
    public CapturedIds StoredCoverage { get; private set; } = new();

    /// <summary>First ids of the open gaps the table has.</summary>
    public long[] StoredGaps { get; private set; } = [];

    /// <summary>Gaps ended since the last checkpoint, with the time.</summary>
    public List<(OpenGap Gap, Timestamp Closed)> Closed { get; } = [];

    public IReadOnlyCollection<OpenGap> Open => _open.Values;

    public bool IsTouched { get; private set; }

    /// <summary>An open gap as the table has it.</summary>
    public void Restore(OpenGap gap) => _open.Add(gap.Ids.From, gap);

    /// <summary>The tables now have what is here.</summary>
    public void Settle(CapturedIds captured)
    {
        StoredCoverage = captured;
        StoredGaps = [.. _open.Keys];
        Closed.Clear();
        IsTouched = false;
    }

    public void Apply(IReadOnlyList<GapChange> changes, Timestamp now)
    {
        IsTouched = true;

        // Pieces of a split gap take over its found time while it still has its old start.
        var changed = new List<OpenGap>();
        foreach (var change in changes)
        {
            if (change is not { Before: null, After: { } found }) continue;
            changed.Add(new OpenGap(found.Ids, change.SplitFrom is { } split ? _open[split.From].Found : now, found.State));
        }

        foreach (var change in changes)
        {
            if (change.Before is not { } before) continue;
            _open.Remove(before.Ids.From, out var gap);
            if (change.After is { } after) changed.Add(new OpenGap(after.Ids, gap.Found, after.State));
        }

        foreach (var gap in changed)
        {
            if (gap.State.IsEnded()) Closed.Add((gap, now));
            else _open.Add(gap.Ids.From, gap);
        }
    }
}
