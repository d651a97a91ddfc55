namespace Crypto.Warehouse.Coverage;

/// <summary>How a gap stands, or how it ended. Stored by <see cref="GapStates.Name"/>.</summary>
public enum GapState
{
    /// <summary>Missing; a running ingest fetches it.</summary>
    Open,

    /// <summary>Missing, and not fetched by itself: an archive, or <c>backfill</c>, closes it.</summary>
    OutOfReach,

    /// <summary>Ended: the exchange does not have the ids either.</summary>
    ExchangeHole,

    /// <summary>Ended: each id came.</summary>
    Filled,
}

public static class GapStates
{
    /// <summary>The name stored in <c>TRADE_GAPS.state</c>.</summary>
    public static string Name(this GapState state) => state switch
    {
        GapState.Open => "OPEN",
        GapState.OutOfReach => "OUT_OF_REACH",
        GapState.ExchangeHole => "EXCHANGE_HOLE",
        GapState.Filled => "FILLED",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, null),
    };

    /// <summary>The reverse of <see cref="Name"/>.</summary>
    /// <exception cref="FormatException">No state has this name.</exception>
    public static GapState Parse(string name)
    {
        foreach (var state in Enum.GetValues<GapState>())
        {
            if (state.Name() == name) return state;
        }

        throw new FormatException($"'{name}' is no state of a gap.");
    }

    /// <summary>Whether it has ended: nothing of it is missing any more.</summary>
    public static bool IsEnded(this GapState state) => state is GapState.ExchangeHole or GapState.Filled;
}
