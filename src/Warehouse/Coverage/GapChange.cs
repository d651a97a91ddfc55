using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>What happens to one row of <c>TRADE_GAPS</c> when coverage changes.</summary>
/// <param name="Before">The gap as it stood, or null for one just found.</param>
/// <param name="After">The gap as it stands now, maybe ended; null when it became part of the gap before it.</param>
/// <param name="SplitFrom">For a piece that a partly filled gap broke into: the gap it inherits its found time from.</param>
public readonly record struct GapChange(Gap? Before, Gap? After, IdRange? SplitFrom = null);
