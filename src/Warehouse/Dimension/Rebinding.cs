using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>A stretch of valid time whose facts point to another version than before.</summary>
public readonly record struct Rebinding(Timestamp From, Timestamp To, long OldKey, long NewKey)
{
    /// <summary>The stretches in which two histories that both cover all of time differ in their keys, in order.</summary>
    public static IReadOnlyList<Rebinding> Between(IReadOnlyList<SymbolVersion> before, IReadOnlyList<SymbolVersion> after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var rebindings = new List<Rebinding>();
        for (int i = 0, j = 0; i < before.Count && j < after.Count;)
        {
            var from = before[i].ValidFrom > after[j].ValidFrom ? before[i].ValidFrom : after[j].ValidFrom;
            var to = before[i].ValidTo < after[j].ValidTo ? before[i].ValidTo : after[j].ValidTo;

            // Equal starts give equal keys, so only stretches that start differently need their keys computed.
            if (before[i].ValidFrom != after[j].ValidFrom && from < to)
            {
                rebindings.Add(new Rebinding(from, to, before[i].SymbolKey, after[j].SymbolKey));
            }

            var (next, nextAfter) = (before[i].ValidTo <= to, after[j].ValidTo <= to);
            if (next) i++;
            if (nextAfter) j++;
        }

        return rebindings;
    }
}
