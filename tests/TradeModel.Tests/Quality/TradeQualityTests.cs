using Crypto.TestSupport;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Tests.Quality;

[TestClass]
public sealed class TradeQualityTests
{
    private static readonly Trade Good = new TradeGenerator(seed: 1, new SymbolTable()).NextPlausible();

    [TestMethod]
    public void Check_PlausibleTrades_AreBelieved()
    {
        var trades = new TradeGenerator(seed: 2, new SymbolTable());
        for (var i = 0; i < 10_000; i++) Assert.AreEqual(ErrorReason.None, TradeQuality.Check(trades.NextPlausible()));
    }

    [TestMethod]
    [DataRow(1, ErrorReason.None)]
    [DataRow(0, ErrorReason.PriceNotPositive)]
    [DataRow(-1, ErrorReason.PriceNotPositive)]
    [DataRow(long.MaxValue, ErrorReason.None)]
    public void Check_Price_IsPositive(long scaled, ErrorReason reason) =>
        Assert.AreEqual(reason, TradeQuality.Check(Good with { Price = new Price(scaled) }));

    [TestMethod]
    [DataRow(1, ErrorReason.None)]
    [DataRow(0, ErrorReason.QuantityNotPositive)]
    [DataRow(long.MinValue, ErrorReason.QuantityNotPositive)]
    public void Check_Quantity_IsPositive(long scaled, ErrorReason reason) =>
        Assert.AreEqual(reason, TradeQuality.Check(Good with { Quantity = new Quantity(scaled) }));

    [TestMethod]
    [DataRow(0, ErrorReason.None)]
    [DataRow(TradeQuality.MaxTradeId, ErrorReason.None)]
    [DataRow(TradeQuality.MaxTradeId + 1, ErrorReason.TradeIdOutOfRange)]
    [DataRow(-1, ErrorReason.TradeIdOutOfRange)]
    [DataRow(long.MaxValue, ErrorReason.TradeIdOutOfRange)]
    public void Check_TradeId_FitsFortyBits(long id, ErrorReason reason) =>
        Assert.AreEqual(reason, TradeQuality.Check(Good with { TradeId = id }));

    [TestMethod]
    public void Check_Times_LieBetweenTheExchangesOpeningAndTomorrow()
    {
        var latest = Good.ReceivedTime + TradeQuality.FutureTolerance;
        var justBefore = new Timestamp(TradeQuality.Earliest.Microseconds - 1);
        var justAfter = new Timestamp(latest.Microseconds + 1);

        foreach (var time in new[] { TradeQuality.Earliest, latest, Good.ReceivedTime }) AssertTime(time, ErrorReason.None);
        Timestamp[] implausible = [justBefore, justAfter, Timestamp.Epoch, new(long.MinValue), new(long.MaxValue)];
        foreach (var time in implausible) AssertTime(time, ErrorReason.TimeOutOfRange);

        static void AssertTime(Timestamp time, ErrorReason reason)
        {
            Assert.AreEqual(reason, TradeQuality.Check(Good with { TradeTime = time }), $"trade time {time}");
            Assert.AreEqual(reason, TradeQuality.Check(Good with { EventTime = time }), $"event time {time}");
        }
    }

    [TestMethod]
    [DataRow(-1)]
    [DataRow(long.MinValue)]
    public void Check_ReceivedLongBeforeTraded_DoesNotWrapAround(long received)
    {
        var never = new Timestamp(long.MaxValue);
        var trade = Good with { ReceivedTime = new Timestamp(received), TradeTime = never, EventTime = never };

        Assert.AreEqual(ErrorReason.TimeOutOfRange, TradeQuality.Check(trade));
    }

    [TestMethod]
    public void Check_SeveralFaults_TellsTheFirst()
    {
        var bad = Good with { Price = default, Quantity = default, TradeId = -1, TradeTime = default };

        Assert.AreEqual(ErrorReason.TradeIdOutOfRange, TradeQuality.Check(bad), "an id without a place in coverage goes before everything");
        Assert.AreEqual(ErrorReason.PriceNotPositive, TradeQuality.Check(bad with { TradeId = 1 }));
        Assert.AreEqual(ErrorReason.QuantityNotPositive, TradeQuality.Check(bad with { TradeId = 1, Price = Good.Price }));
    }
}
