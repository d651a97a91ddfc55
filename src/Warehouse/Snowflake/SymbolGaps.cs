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

    /// <summary>Gaps closed since the last checkpoint, with the time.</summary>
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
        var found = new List<OpenGap>();
        foreach (var change in changes)
        {
            if (change is not { Before: null, After: { } ids }) continue;
            found.Add(new OpenGap(ids, change.SplitFrom is { } split ? _open[split.From].Found : now));
        }

        var narrowed = new List<OpenGap>();
        foreach (var change in changes)
        {
            if (change.Before is not { } before) continue;
            _open.Remove(before.From, out var gap);
            if (change.After is { } after) narrowed.Add(gap with { Ids = after });
            else Closed.Add((gap, now));
        }

        foreach (var gap in narrowed) _open.Add(gap.Ids.From, gap);
        foreach (var gap in found) _open.Add(gap.Ids.From, gap);
    }
}
