using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class InferredMemberTests
{
    [TestMethod]
    [DataRow("BTCUSDT", "BTC", "USDT")]
    [DataRow("ETHBTC", "ETH", "BTC")]
    [DataRow("BTCFDUSD", "BTC", "FDUSD")]
    [DataRow("USDCUSDT", "USDC", "USDT")]
    [DataRow("1000SATSTRY", "1000SATS", "TRY")]
    [DataRow("币安人生USDT", "币安人生", "USDT")]
    [DataRow("USDT", null, null)]
    [DataRow("SOMETHING", null, null)]
    public void Change_Ticker_IsReadByItsEnding(string ticker, string? baseAsset, string? quoteAsset)
    {
        var change = InferredMember.Change(new NaturalKey("BINANCE", ticker), Timestamp.Epoch);

        Assert.AreEqual(
            (baseAsset, quoteAsset), (change.Attributes.GetValueOrDefault(SymbolAttribute.BaseAsset), change.Attributes.GetValueOrDefault(SymbolAttribute.QuoteAsset)));
    }

    [TestMethod]
    public void Change_OfTheSameSymbolLater_IsTheSameStatement()
    {
        var key = new NaturalKey("BINANCE", "BTCUSDT");

        Assert.AreEqual(InferredMember.Change(key, Timestamp.Epoch), InferredMember.Change(key, Timestamp.Parse("2026-01-01T00:00:00Z")));
    }
}
