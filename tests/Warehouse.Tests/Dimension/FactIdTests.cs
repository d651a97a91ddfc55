using Crypto.TradeModel.Quality;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class FactIdTests
{
    [TestMethod]
    [DataRow(1, 0L)]
    [DataRow(1, TradeQuality.MaxTradeId)]
    [DataRow(FactId.MaxSymbolId, 0L)]
    [DataRow(FactId.MaxSymbolId, TradeQuality.MaxTradeId)]
    [DataRow(1_400, 6_715_234_671L)]
    public void Of_EdgesOfTheRange_IsNotNegativeAndGivesBothBack(int symbolId, long tradeId)
    {
        var id = FactId.Of(symbolId, tradeId);

        Assert.IsGreaterThanOrEqualTo(0, id);
        Assert.AreEqual((symbolId, tradeId), (FactId.SymbolId(id), FactId.TradeId(id)));
    }

    [TestMethod]
    public void Of_LargestIds_FillThePositiveRange() => Assert.AreEqual(long.MaxValue, FactId.Of(FactId.MaxSymbolId, TradeQuality.MaxTradeId));

    [TestMethod]
    public void Of_NextSymbol_FollowsTheLastTradeOfTheOneBefore() =>
        Assert.AreEqual(FactId.Of(5, TradeQuality.MaxTradeId) + 1, FactId.Of(6, 0));
}
