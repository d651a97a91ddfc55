using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Coverage;

/// <summary>What was captured of one symbol, and what is missing in between.</summary>
/// <param name="Captured">To be read only.</param>
public sealed record SymbolCoverage(NaturalKey Key, int SymbolId, CapturedIds Captured, IReadOnlyList<OpenGap> OpenGaps)
{
    /// <summary>The ids that need not be asked for: stored or rejected.</summary>
    public IReadOnlyList<IdRange> Covered { get; } = Captured.Settled().Ranges.ToArray();

    /// <summary>How many ids are in a state.</summary>
    public long Count(CoverageState state) => Captured[state].Count;
}

/// <summary>A range of ids that is missing still.</summary>
public readonly record struct OpenGap(IdRange Ids, Timestamp Found);
