using System.Diagnostics.CodeAnalysis;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// A market that is its own oracle: any trade that was ever streamed can be computed again and compared field by field.
/// Immutable, thread-safe.
/// </summary>
internal sealed class SimulatedMarket
{
    private readonly Dictionary<string, SimulatedSymbol> _symbols;

    /// <exception cref="InvalidDataException">The description contradicts itself.</exception>
    public SimulatedMarket(MarketDescription description)
    {
        Description = description;
        _symbols = description.Listings.ToDictionary(
            listing => listing.Ticker, listing => new SimulatedSymbol(description, listing), StringComparer.Ordinal);
    }

    public MarketDescription Description { get; }

    public bool TryGetSymbol(string ticker, [MaybeNullWhen(false)] out SimulatedSymbol symbol) => _symbols.TryGetValue(ticker, out symbol);

    /// <exception cref="KeyNotFoundException">The market does not list the ticker.</exception>
    public SimulatedSymbol Symbol(string ticker) => _symbols[ticker];

    /// <summary>Trade <paramref name="k"/> of a ticker, from 0.</summary>
    public SimulatedTrade TradeAt(string ticker, long k)
    {
        _symbols[ticker].Read(k, out var trade);
        return trade;
    }

    /// <summary>The trade with an id of the exchange.</summary>
    /// <returns>False when the ticker is not listed or the id lies before its first. There is no last one: the market goes on.</returns>
    public bool TradeById(string ticker, long tradeId, out SimulatedTrade trade)
    {
        if (_symbols.TryGetValue(ticker, out var symbol) && tradeId >= symbol.FirstId)
        {
            symbol.Read(tradeId - symbol.FirstId, out trade);
            return true;
        }

        trade = default;
        return false;
    }
}
