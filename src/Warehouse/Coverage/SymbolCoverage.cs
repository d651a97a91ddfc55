using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Coverage;

/// <summary>What was captured of one symbol, and what is missing in between.</summary>
public sealed record SymbolCoverage(NaturalKey Key, int SymbolId, IReadOnlyList<IdRange> Covered, IReadOnlyList<OpenGap> OpenGaps)
{
    public long Ids => Covered.Sum(range => range.Count);
}

/// <summary>A range of ids that is missing still.</summary>
public readonly record struct OpenGap(IdRange Ids, Timestamp Found);
