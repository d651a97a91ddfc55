using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>The last session of a simulated market.</summary>
internal sealed class GeneratedTape : ITradeTape
{
    private readonly SimulatedSymbol[] _symbols;
    private readonly long[] _first;

    public GeneratedTape(SimulatedMarket market)
    {
        var session = market.Description.Sessions[^1];
        Start = session.Origin;
        Listings = [.. market.Description.Listings.Where(listing => session.FirstK.ContainsKey(listing.Ticker))];
        _symbols = [.. Listings.Select(listing => market.Symbol(listing.Ticker))];
        _first = [.. Listings.Select(listing => session.FirstK[listing.Ticker])];
    }

    public IReadOnlyList<Listing> Listings { get; }

    public Timestamp Start { get; }

    public long First(int ordinal) => _first[ordinal];

    public long End(int ordinal) => long.MaxValue;

    public void Read(int ordinal, long k, out SimulatedTrade trade) => _symbols[ordinal].Read(k, out trade);

    public long FirstAtOrAfter(int ordinal, long tradeId) => Math.Max(0, tradeId - _symbols[ordinal].FirstId);

    public long FirstAtOrAfter(int ordinal, Timestamp time) => _symbols[ordinal].FirstAtOrAfter(time);
}
