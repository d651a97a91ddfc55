using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class SymbolKeyTests
{
    /// <summary>Stored keys depend on these for ever: a change of the function would orphan every fact.</summary>
    [TestMethod]
    [DataRow("BINANCE", "BTCUSDT", 0L, 4425128568009003602)]
    [DataRow("BINANCE", "BTCUSDT", 1_767_225_600_000_000L, 7548065664987472921)]
    [DataRow("BINANCE", "币安人生USDT", 0L, 3383216210258477186)]
    public void Of_KnownVersions_IsTheKeyItAlwaysWas(string exchange, string ticker, long validFrom, long key) =>
        Assert.AreEqual(key, SymbolKey.Of(new NaturalKey(exchange, ticker), new Timestamp(validFrom)));

    [TestMethod]
    public void Of_FieldsThatJoinToTheSameText_Differ()
    {
        var keys = new[]
        {
            SymbolKey.Of(new NaturalKey("AB", "C"), Timestamp.Epoch),
            SymbolKey.Of(new NaturalKey("A", "BC"), Timestamp.Epoch),
            SymbolKey.Of(new NaturalKey("A", "B"), Timestamp.Epoch),
            SymbolKey.Of(new NaturalKey("A", "B1"), Timestamp.Epoch),
            SymbolKey.Of(new NaturalKey("A", "B"), new Timestamp(1)),
            SymbolKey.Of(new NaturalKey("A", "B"), new Timestamp(-1)),
        };

        CollectionAssert.AllItemsAreUnique(keys);
    }

    [TestMethod]
    public void Of_ManyVersions_AreUniqueAndNotNegative()
    {
        var keys = Enumerable.Range(0, 20_000).Select(i => SymbolKey.Of(new NaturalKey("BINANCE", $"T{i % 100}"), new Timestamp(i / 100))).ToArray();

        CollectionAssert.AllItemsAreUnique(keys);
        Assert.IsTrue(Array.TrueForAll(keys, key => key >= 0));
    }
}
