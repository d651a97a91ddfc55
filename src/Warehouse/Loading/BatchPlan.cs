using System.Buffers;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;

namespace Crypto.Warehouse.Loading;

/// <summary>
/// What a load does to the tables, decided by <see cref="BatchPlanner"/> and carried out by a warehouse in one transaction. Refers to the
/// batch, and ends with it. Disposing returns its memory.
/// </summary>
public sealed class BatchPlan : IDisposable
{
    private PlannedFact[] _facts;

    internal BatchPlan(WarehouseBatch batch)
    {
        Batch = batch;
        _facts = ArrayPool<PlannedFact>.Shared.Rent(Math.Max(1, batch.Trades.Length));
    }

    public WarehouseBatch Batch { get; }

    public LoadOutcome Outcome => new(FactCount, DuplicateCount, Rejections.Count, Batch.Verdicts.Count);

    /// <summary>New rows of <c>FACT_TRADES</c>, in the order of their records.</summary>
    public ReadOnlySpan<PlannedFact> Facts => _facts.AsSpan(0, FactCount);

    /// <summary>Facts that a correction gives another content.</summary>
    public List<PlannedFact> Corrections { get; } = [];

    /// <summary>New rows of <c>REJECTED_TRADES</c>.</summary>
    public List<PlannedRejection> Rejections { get; } = [];

    /// <summary>Facts whose content a correction stated, the same or another: conflicts about them are settled.</summary>
    public List<long> SettledConflicts { get; } = [];

    /// <summary>One for each symbol whose coverage changes.</summary>
    public List<CoverageChange> Coverage { get; } = [];

    /// <summary>Indexes of the valid trades whose id was stored before, or came before in the batch.</summary>
    internal List<int> Repeated { get; } = [];

    internal int FactCount { get; private set; }

    internal int DuplicateCount { get; set; }

    internal void Add(in PlannedFact fact) => _facts[FactCount++] = fact;

    /// <summary>Makes the state in memory what the tables hold once the plan is carried out.</summary>
    public void UpdateState()
    {
        foreach (var change in Coverage) change.Symbol.Captured = change.After;
    }

    public void Dispose() => ArrayPool<PlannedFact>.Shared.Return(Interlocked.Exchange(ref _facts, []));
}

/// <summary>A row of <c>FACT_TRADES</c>.</summary>
/// <param name="Trade">Index of the trade in the batch.</param>
/// <param name="FactId">See <see cref="Dimension.FactId"/>.</param>
/// <param name="SymbolKey">The version valid at trade time.</param>
/// <param name="Amount">Meaningless unless <paramref name="Flags"/> is none.</param>
public readonly record struct PlannedFact(int Trade, long FactId, long SymbolKey, Amount Amount, QualityFlags Flags)
{
    /// <summary>In US dollars; null where a flag says why.</summary>
    public Amount? TotalAmountUsd => Flags == QualityFlags.None ? Amount : null;
}

/// <summary>A row of <c>REJECTED_TRADES</c>.</summary>
/// <param name="Identity">As in <see cref="RejectedRecord"/>.</param>
public sealed record PlannedRejection(
    long Offset, ErrorReason Reason, string Detail, SymbolState? Symbol, long? TradeId, Timestamp ReceivedTime,
    ReadOnlyMemory<byte> Payload,
    string? Identity = null);

/// <summary>How the coverage of one symbol changes.</summary>
/// <param name="After">What is captured once the load is committed.</param>
/// <param name="Removed">First ids of the rows of <c>TRADE_COVERAGE</c> that go.</param>
/// <param name="Put">Rows that come, or take the place of the row with the same first id.</param>
/// <param name="Gaps">What happens to <c>TRADE_GAPS</c>.</param>
public sealed record CoverageChange(
    SymbolState Symbol, CapturedIds After, IReadOnlyList<long> Removed, IReadOnlyList<CoverageRange> Put, IReadOnlyList<GapChange> Gaps)
{
    public static CoverageChange Between(SymbolState symbol, CapturedIds before, CapturedIds after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var (old, current) = (before.Ranges(), after.Ranges());
        var removed = new List<long>();
        var put = new List<CoverageRange>();

        // Both are in order of the first id, which is the key of the rows: a merge tells what goes and what comes.
        for (int i = 0, j = 0; i < old.Count || j < current.Count;)
        {
            if (j == current.Count || (i < old.Count && old[i].Ids.From < current[j].Ids.From)) removed.Add(old[i++].Ids.From);
            else if (i < old.Count && old[i] == current[j]) (i, j) = (i + 1, j + 1);
            else
            {
                if (i < old.Count && old[i].Ids.From == current[j].Ids.From) i++;
                put.Add(current[j++]);
            }
        }

        // One run of stored ids, which is the usual case, has no gaps.
        var gaps = IsWithoutGaps(old) && IsWithoutGaps(current) ? [] : GapLedger.Changes(before, after);
        return new CoverageChange(symbol, after, removed, put, gaps);
    }

    private static bool IsWithoutGaps(IReadOnlyList<CoverageRange> ranges) =>
        ranges is [] or [{ State: CoverageState.Stored or CoverageState.Rejected }];

    public bool IsEmpty => Removed.Count == 0 && Put.Count == 0;
}
