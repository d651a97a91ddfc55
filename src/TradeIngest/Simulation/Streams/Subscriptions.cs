using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>The streams of one connection, in the order they were asked for. Guarded by its connection.</summary>
/// <param name="ordinals">The listing behind each trade stream's name.</param>
/// <param name="limit">Most streams of a connection.</param>
internal sealed class Subscriptions(IReadOnlyDictionary<string, int> ordinals, int limit)
{
    private readonly List<string> _names = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly bool[] _trades = new bool[ordinals.Count];

    public IReadOnlyList<string> Names => _names;

    /// <summary>How many of them carry trades.</summary>
    public int TradeCount { get; private set; }

    public bool HasAllTrades => TradeCount == _trades.Length;

    public bool HasTrades(int ordinal) => _trades[ordinal];

    /// <summary>The listing behind each trade stream's name.</summary>
    public static IReadOnlyDictionary<string, int> Ordinals(IReadOnlyList<Listing> listings) => listings
        .Select((listing, ordinal) => (Name: StreamNames.Trade(listing.Ticker), ordinal))
        .ToDictionary(pair => pair.Name, pair => pair.ordinal, StringComparer.Ordinal);

    /// <summary>Adds all of the names or, when there would be too many, none.</summary>
    public bool TryAdd(IReadOnlyList<string> names)
    {
        if (_known.Count + names.Where(name => !_known.Contains(name)).Distinct(StringComparer.Ordinal).Count() > limit) return false;
        foreach (var name in names)
        {
            if (_known.Add(name)) Include(name);
        }

        return true;
    }

    public void Remove(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (!_known.Remove(name)) continue;
            _names.Remove(name);
            if (!ordinals.TryGetValue(name, out var ordinal)) continue;
            _trades[ordinal] = false;
            TradeCount--;
        }
    }

    private void Include(string name)
    {
        _names.Add(name);
        if (!ordinals.TryGetValue(name, out var ordinal)) return;
        _trades[ordinal] = true;
        TradeCount++;
    }
}
