namespace Crypto.TradeIngest.Streams;

/// <summary>
/// Whether a list of symbols is believed about what it lacks: not where it lacks too many at once, before the next one lacks them, too, and
/// never where it is empty.
/// </summary>
/// <param name="maxMissingPercent">Of the known symbols, how many a single list may lack; one in any case.</param>
internal sealed class ListingDoubt(int maxMissingPercent)
{
    // What the list before lacked, where that was too much to be believed.
    private HashSet<string> _unconfirmed = [];

    /// <param name="listed">Symbols on the list.</param>
    /// <param name="known">Symbols known before.</param>
    /// <param name="missing">Those of the known that it lacks.</param>
    public bool Believes(int listed, int known, IReadOnlyCollection<string> missing)
    {
        var isSmall = missing.Count <= Math.Max(1, known * maxMissingPercent / 100);
        var isConfirmed = listed > 0 && missing.All(_unconfirmed.Contains);
        _unconfirmed = isSmall || isConfirmed ? [] : [.. missing];
        return listed > 0 && (isSmall || isConfirmed);
    }
}
