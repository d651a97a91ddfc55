using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>The streams of one connection, in the order they were asked for. Guarded by its connection.</summary>
/// <param name="ordinals">The listing of each symbol, in lower case.</param>
/// <param name="limit">Most streams of a connection.</param>
internal sealed class Subscriptions(IReadOnlyDictionary<string, int> ordinals, int limit)
{
    private readonly List<string> _names = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KlineStream> _klines = new(StringComparer.Ordinal);
    private readonly ListingSet _trades = new(ordinals.Count);
    private readonly ListingSet _aggregates = new(ordinals.Count);

    public IReadOnlyList<string> Names => _names;

    public IReadOnlyCollection<KlineStream> Klines => _klines.Values;

    public bool HasTrades => _trades.Count + _aggregates.Count > 0;

    /// <summary>The listing of each symbol, in lower case.</summary>
    public static IReadOnlyDictionary<string, int> Ordinals(IReadOnlyList<Listing> listings) => listings
        .Select((listing, ordinal) => (Name: listing.Ticker.ToLowerInvariant(), ordinal))
        .ToDictionary(pair => pair.Name, pair => pair.ordinal, StringComparer.Ordinal);

    /// <summary>The listings whose trades are wanted in this form.</summary>
    public ListingSet Of(StreamVariant variant) => variant.HasFlag(StreamVariant.Aggregate) ? _aggregates : _trades;

    /// <summary>Adds all of the names or, when there would be too many, none.</summary>
    public bool TryAdd(IReadOnlyList<string> names)
    {
        if (_known.Count + names.Where(name => !_known.Contains(name)).Distinct(StringComparer.Ordinal).Count() > limit) return false;
        foreach (var name in names)
        {
            if (!_known.Add(name)) continue;
            _names.Add(name);
            Set(name, wanted: true);
        }

        return true;
    }

    public void Remove(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (!_known.Remove(name)) continue;
            _names.Remove(name);
            Set(name, wanted: false);
        }
    }

    private void Set(string name, bool wanted)
    {
        var at = name.IndexOf('@', StringComparison.Ordinal);
        if (at < 0 || !ordinals.TryGetValue(name[..at], out var ordinal)) return;
        var type = name[(at + 1)..];
        if (type == StreamNames.Trade) _trades.Set(ordinal, wanted);
        else if (type == StreamNames.AggTrade) _aggregates.Set(ordinal, wanted);
        else if (!wanted) _klines.Remove(name);
        else if (KlineStream.TryParse(name, type, ordinal) is { } klines) _klines.Add(name, klines);
    }
}

/// <summary>Some of the listings, by ordinal.</summary>
internal sealed class ListingSet(int listings)
{
    private readonly bool[] _in = new bool[listings];

    public int Count { get; private set; }

    public bool HasAll => Count == _in.Length;

    public bool Has(int ordinal) => _in[ordinal];

    public void Set(int ordinal, bool isIn)
    {
        if (_in[ordinal] == isIn) return;
        _in[ordinal] = isIn;
        Count += isIn ? 1 : -1;
    }
}
