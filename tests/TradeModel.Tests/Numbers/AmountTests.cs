using System.Numerics;
using Crypto.TestSupport;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeModel.Tests.Numbers;

[TestClass]
public sealed class AmountTests
{
    [TestMethod]
    public void TryMultiply_AnyNumbers_IsTheExactProductRoundedHalfToEven()
    {
        var numbers = new TradeGenerator(seed: 1, new());
        var fitting = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var price = numbers.NextLong();
            var quantity = numbers.NextLong();
            var exact = HalfToEven((BigInteger)price * quantity);
            var fits = exact >= long.MinValue && exact <= long.MaxValue;

            Assert.AreEqual(fits, Amount.TryMultiply(new Price(price), new Quantity(quantity), out var amount), $"{price} × {quantity}");

            Assert.AreEqual(fits ? exact : 0, amount.Scaled, $"{price} × {quantity}");
            if (fits) fitting++;
        }

        Assert.IsInRange(10_000, 90_000, fitting);
    }

    [TestMethod]
    [DataRow("0.00000001", "0.5", "0.00000000", DisplayName = "half to even zero")]
    [DataRow("0.00000003", "0.5", "0.00000002", DisplayName = "half to even two")]
    [DataRow("0.00000001", "0.50000001", "0.00000001", DisplayName = "more than half")]
    [DataRow("-0.00000003", "0.5", "-0.00000002", DisplayName = "half to even below zero")]
    [DataRow("-0.00000005", "0.5", "-0.00000002", DisplayName = "half to even below zero, down")]
    [DataRow("78738.6", "0.00059", "46.45577400", DisplayName = "a real trade")]
    [DataRow("92233720368.54775807", "1", "92233720368.54775807", DisplayName = "largest")]
    public void TryMultiply_Example_IsRounded(string price, string quantity, string amount)
    {
        Assert.IsTrue(Amount.TryMultiply(Price.Parse(price), Quantity.Parse(quantity), out var product));

        Assert.AreEqual(amount, product.ToString());
    }

    // The decimal type rounds half to even too, and holds the smaller half of these products exactly.
    [TestMethod]
    public void TryMultiply_ProductsThatDecimalHolds_AgreeWithDecimal()
    {
        var random = new Random(2);
        for (var i = 0; i < 50_000; i++)
        {
            var price = random.NextInt64(-20_000_000_000_000, 20_000_000_000_000);
            var quantity = random.NextInt64(1_000_000_000);

            Assert.IsTrue(Amount.TryMultiply(new Price(price), new Quantity(quantity), out var amount));

            Assert.AreEqual(Math.Round(price / 1e8m * (quantity / 1e8m), 8, MidpointRounding.ToEven), amount.Scaled / 1e8m);
        }
    }

    private static BigInteger HalfToEven(BigInteger product)
    {
        var floor = BigInteger.Divide(product - (((product % 100_000_000) + 100_000_000) % 100_000_000), 100_000_000);
        var twice = 2 * (product - (floor * 100_000_000));
        return twice > 100_000_000 || (twice == 100_000_000 && !floor.IsEven) ? floor + 1 : floor;
    }
}
