using System.Diagnostics.CodeAnalysis;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;

namespace Crypto.TradeIngest.Simulation;

/// <summary>The simulated market as the one who knows what was really traded.</summary>
internal sealed class MarketOracle(MarketDescription description) : ITradeOracle
{
    private readonly SimulatedMarket _market = new(description);

    public IReadOnlyCollection<string> Tickers { get; } = [.. description.Listings.Select(listing => listing.Ticker)];

    public IdRange? Produced(string ticker)
    {
        if (description.Produced is not { } produced || !produced.TryGetValue(ticker, out var span)) return null;
        if (span.To == span.From || !_market.TryGetSymbol(ticker, out var symbol)) return null;
        return new IdRange(symbol.FirstId + span.From, symbol.FirstId + span.To - 1);
    }

    public bool TryGet(string ticker, long tradeId, [MaybeNullWhen(false)] out TradeContent trade)
    {
        var known = _market.TradeById(ticker, tradeId, out var made);
        trade = known ? new TradeContent(made.Price, made.Quantity, made.TradeTime, made.Aggressor) : default;
        return known;
    }
}
