using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>The last session of a simulated market.</summary>
internal sealed class GeneratedTape : ITradeTape
{
    private readonly SimulatedSymbol[] _symbols;
    private readonly long[] _first;
    private readonly Timestamp[] _listed;
    private readonly long[] _ends;

    /// <param name="delistedAt">When tickers cease to trade.</param>
    public GeneratedTape(SimulatedMarket market, IReadOnlyDictionary<string, Timestamp>? delistedAt = null)
    {
        var session = market.Description.Sessions[^1];
        Start = session.Origin;
        Listings = [.. market.Description.Listings.Where(listing => session.FirstK.ContainsKey(listing.Ticker))];
        _symbols = [.. Listings.Select(listing => market.Symbol(listing.Ticker))];
        _first = [.. Listings.Select(listing => session.FirstK[listing.Ticker])];
        _listed = [.. Listings.Select(listing => session.ListedAt?.TryGetValue(listing.Ticker, out var at) == true ? at : Start)];
        _ends = [.. Listings.Select((listing, ordinal) => delistedAt?.TryGetValue(listing.Ticker, out var at) == true
            ? Math.Max(_first[ordinal], _symbols[ordinal].FirstAtOrAfter(at))
            : long.MaxValue)];
    }

    public IReadOnlyList<Listing> Listings { get; }

    public Timestamp Start { get; }

    public long First(int ordinal) => _first[ordinal];

    public Timestamp ListedAt(int ordinal) => _listed[ordinal];

    public long End(int ordinal) => _ends[ordinal];

    public void Read(int ordinal, long k, out SimulatedTrade trade) => _symbols[ordinal].Read(k, out trade);

    public long FirstAtOrAfter(int ordinal, long tradeId) => Math.Max(0, tradeId - _symbols[ordinal].FirstId);

    public long FirstAtOrAfter(int ordinal, Timestamp time) => Math.Min(_ends[ordinal], _symbols[ordinal].FirstAtOrAfter(time));
}
