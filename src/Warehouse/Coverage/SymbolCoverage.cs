using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Coverage;

/// <summary>What was captured of one symbol, and what is missing in between.</summary>
/// <param name="Captured">To be read only.</param>
public sealed record SymbolCoverage(NaturalKey Key, int SymbolId, CapturedIds Captured, IReadOnlyList<OpenGap> OpenGaps)
{
    /// <summary>The ids that need not be asked for: stored, rejected, or not even the exchange's.</summary>
    public IReadOnlyList<IdRange> Covered { get; } = Captured.Settled().Ranges.ToArray();

    /// <summary>How many ids are in a state.</summary>
    public long Count(CoverageState state) => Captured[state].Count;
}

/// <summary>A range of ids that is missing still.</summary>
/// <param name="Ids">Which.</param>
/// <param name="Found">When it was noticed.</param>
/// <param name="State"><see cref="GapState.Open"/> or <see cref="GapState.OutOfReach"/>.</param>
public readonly record struct OpenGap(IdRange Ids, Timestamp Found, GapState State = GapState.Open)
{
    public Gap Gap => new(Ids, State);
}
