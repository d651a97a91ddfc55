namespace Crypto.TradeIngest.Pipelines;

/// <summary>How full the hand-off between streams and log is.</summary>
internal enum Overload
{
    /// <summary>Everything goes on.</summary>
    Ok,

    /// <summary>Missing trades are not fetched, so that live ones have the room.</summary>
    Low,

    /// <summary>Live trades are about to be shed, or connections not read.</summary>
    High,
}

/// <summary>
/// Follows how full it is, with hysteresis: a state that was entered is left only well below where it begins. Not thread-safe.
/// </summary>
internal sealed class OverloadState
{
    private const double LowFrom = 0.5;
    private const double LowUntil = 0.25;
    private const double HighFrom = 0.9;
    private const double HighUntil = 0.5;

    public Overload Current { get; private set; }

    /// <param name="fill">0 for empty, 1 for full.</param>
    /// <returns>Whether the state changed.</returns>
    public bool Update(double fill)
    {
        var next = Current switch
        {
            _ when fill >= HighFrom => Overload.High,
            Overload.High when fill > HighUntil => Overload.High,
            Overload.High or Overload.Low when fill > LowUntil => Overload.Low,
            _ when fill >= LowFrom => Overload.Low,
            _ => Overload.Ok,
        };
        if (next == Current) return false;
        Current = next;
        return true;
    }
}
