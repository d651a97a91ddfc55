using Crypto.TradeModel.Quality;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// <c>fact_id = symbol_id &lt;&lt; 40 | trade_id</c>: unique without a look-up. Leaves 23 bits for the symbol and 40 for the trade.
/// </summary>
public static class FactId
{
    public const int TradeIdBits = 40;

    public const int MaxSymbolId = (1 << 23) - 1;

    public static long Of(int symbolId, long tradeId) => ((long)symbolId << TradeIdBits) | tradeId;

    public static int SymbolId(long factId) => (int)(factId >> TradeIdBits);

    public static long TradeId(long factId) => factId & TradeQuality.MaxTradeId;
}
