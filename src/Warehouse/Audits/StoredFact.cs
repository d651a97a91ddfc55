using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Audits;

/// <summary>A row of <c>FACT_TRADES</c> as the audits need it.</summary>
internal readonly record struct StoredFact(
    long FactId, long SymbolKey, Timestamp TradeTime, Price Price, Quantity Quantity, Amount? Amount, AggressorSide Aggressor,
    QualityFlags Flags)
{
    public int SymbolId => Dimension.FactId.SymbolId(FactId);

    public long TradeId => Dimension.FactId.TradeId(FactId);
}
