namespace Crypto.TradeModel.Trades;

/// <summary>What identifies a trade of the exchange.</summary>
public readonly record struct TradeKey(string Ticker, long TradeId)
{
    public static TradeKey Of(in Trade trade) => new(trade.Symbol.Ticker, trade.TradeId);
}
