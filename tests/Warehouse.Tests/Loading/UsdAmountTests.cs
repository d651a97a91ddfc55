using Crypto.TradeModel.Numbers;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests.Loading;

[TestClass]
public sealed class UsdAmountTests
{
    [TestMethod]
    [DataRow("84106.09", "0.00007", "5.88742630")]
    [DataRow("0.00000001", "0.5", "0.00000000")]
    [DataRow("0.00000003", "0.5", "0.00000002")]
    [DataRow("0.1", "0.1", "0.01000000")]
    [DataRow("92233720368.54775807", "1", "92233720368.54775807")]
    public void Of_PeggedQuoteAsset_IsTheExactProductRoundedHalfToEven(string price, string quantity, string expected)
    {
        var amount = UsdAmount.Of(Price.Parse(price), Quantity.Parse(quantity), isPegged: true, out var flags);

        Assert.AreEqual((Amount.Parse(expected), QualityFlags.None), (amount, flags));
    }

    [TestMethod]
    public void Of_ProductOutOfRange_IsNullWithItsFlag()
    {
        Assert.IsNull(UsdAmount.Of(Price.Parse("92233720368.54775807"), Quantity.Parse("1.00000001"), isPegged: true, out var flags));
        Assert.AreEqual(QualityFlags.AmountOutOfRange, flags);
    }

    [TestMethod]
    public void Of_QuoteAssetThatIsNoDollar_IsNullWithItsFlag()
    {
        Assert.IsNull(UsdAmount.Of(Price.Parse("1"), Quantity.Parse("1"), isPegged: false, out var flags));
        Assert.AreEqual(QualityFlags.NoUsdRate, flags);
    }

    [TestMethod]
    public void IsPegged_ConfiguredAssets_ExactlyThose()
    {
        var usd = new UsdAmount(["USDT", "USDC"]);

        Assert.IsTrue(usd.IsPegged("USDT"));
        Assert.IsFalse(usd.IsPegged("usdt"));
        Assert.IsFalse(usd.IsPegged("FDUSD"));
        Assert.IsFalse(usd.IsPegged(null));
    }
}
