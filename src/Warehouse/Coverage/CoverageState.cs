namespace Crypto.Warehouse.Coverage;

/// <summary>
/// What is known of a trade id. An id without any of these is missing. Stored by <see cref="CoverageStates.Name"/>.
/// </summary>
public enum CoverageState
{
    /// <summary>Its fact is in <c>FACT_TRADES</c>.</summary>
    Stored,

    /// <summary>
    /// The exchange's own word on it is no valid trade: it is not asked for again, and a valid copy is stored nevertheless.
    /// </summary>
    Rejected,

    /// <summary>
    /// The copies so far were rejected for a reason that may lie on this side (its clock, a damaged frame). The id counts as missing.
    /// </summary>
    Quarantined,

    /// <summary>
    /// No copy came, and the exchange's history does not have it either: it is not asked for again, and a copy that comes nevertheless
    /// takes its place.
    /// </summary>
    ExchangeHole,

    /// <summary>No copy came, and none is fetched by itself: refused, too far back or too much. The id counts as missing.</summary>
    OutOfReach,
}

public static class CoverageStates
{
    /// <summary>The name stored in <c>TRADE_COVERAGE.state</c>.</summary>
    public static string Name(this CoverageState state) => state switch
    {
        CoverageState.Stored => "STORED",
        CoverageState.Rejected => "REJECTED",
        CoverageState.Quarantined => "QUARANTINED",
        CoverageState.ExchangeHole => "EXCHANGE_HOLE",
        CoverageState.OutOfReach => "OUT_OF_REACH",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    /// <summary>The reverse of <see cref="Name"/>.</summary>
    /// <exception cref="FormatException">No state has this name.</exception>
    public static CoverageState Parse(string name)
    {
        foreach (var state in Enum.GetValues<CoverageState>())
        {
            if (state.Name() == name) return state;
        }

        throw new FormatException($"'{name}' is no state of coverage.");
    }
}
