using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// A stretch of valid time whose facts belong to another version than before, or to one with another quote asset, which their
/// amounts depend on.
/// </summary>
public readonly record struct Rebinding(Timestamp From, Timestamp To, SymbolVersion Old, SymbolVersion New)
{
    /// <summary>
    /// Whether the facts get another surrogate key. Keys follow from where versions start, so none needs to be computed to tell.
    /// </summary>
    public bool ChangesKey => Old.ValidFrom != New.ValidFrom;

    /// <summary>The one of several, in order of time, that an instant lies in; null when it lies in none.</summary>
    public static Rebinding? At(IReadOnlyList<Rebinding> ordered, Timestamp time)
    {
        ArgumentNullException.ThrowIfNull(ordered);
        var (low, high) = (0, ordered.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (ordered[middle].To <= time) low = middle + 1;
            else high = middle;
        }

        return low < ordered.Count && ordered[low].From <= time ? ordered[low] : null;
    }

    /// <summary>The stretches in which two histories that both cover all of time differ so, in order.</summary>
    public static IReadOnlyList<Rebinding> Between(IReadOnlyList<SymbolVersion> before, IReadOnlyList<SymbolVersion> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var rebindings = new List<Rebinding>();
        for (int i = 0, j = 0; i < before.Count && j < after.Count;)
        {
            var (old, current) = (before[i], after[j]);
            var from = old.ValidFrom > current.ValidFrom ? old.ValidFrom : current.ValidFrom;
            var to = old.ValidTo < current.ValidTo ? old.ValidTo : current.ValidTo;
            if (old.ValidFrom != current.ValidFrom || old[SymbolAttribute.QuoteAsset] != current[SymbolAttribute.QuoteAsset])
            {
                rebindings.Add(new Rebinding(from, to, old, current));
            }

            if (old.ValidTo <= to) i++;
            if (current.ValidTo <= to) j++;
        }

        return rebindings;
    }
}
