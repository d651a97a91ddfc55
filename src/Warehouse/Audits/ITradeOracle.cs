using System.Diagnostics.CodeAnalysis;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Trades;

namespace Crypto.Warehouse.Audits;

/// <summary>Knows what was really traded: a simulated exchange, or the exchange's archive.</summary>
public interface ITradeOracle
{
    /// <summary>The ids that were produced of a symbol and so must be stored; null when it does not know the symbol.</summary>
    IdRange? Produced(string ticker);

    /// <summary>Tickers it knows.</summary>
    IReadOnlyCollection<string> Tickers { get; }

    /// <summary>The trade as it was; false when there was none with this id.</summary>
    bool TryGet(string ticker, long tradeId, [MaybeNullWhen(false)] out TradeContent trade);
}
