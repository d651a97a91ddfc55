using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeIngest.Tests.Simulation.Markets;

[TestClass]
public sealed class SimulatedMarketTests
{
    private static readonly Timestamp Origin = Timestamp.Parse("2026-02-03T00:00:00Z");

    [TestMethod]
    public void TradeAt_SameDescription_IsTheSameInAnyOrder()
    {
        var forward = Enumerable.Range(0, 1000).Select(k => Market().TradeAt("BTCUSDT", k)).ToList();
        var market = Market();
        for (var k = 999; k >= 0; k--) Assert.AreEqual(forward[k], market.TradeAt("BTCUSDT", k));
    }

    [TestMethod]
    public void TradeAt_KnownTrade_HasTheseBits()
    {
        // Pins the arithmetic: a change here makes every stored simulation.json worthless.
        var trade = Market().TradeAt("BTCUSDT", 123_456_789);
        Assert.AreEqual(
            "1294430938 84363.54000000 0.00010000 2026-02-04T10:17:36.748974Z 2026-02-04T10:17:36.749960Z Buy",
            $"{trade.TradeId} {trade.Price} {trade.Quantity} {trade.TradeTime} {trade.EventTime} {trade.Aggressor}",
            StringComparer.Ordinal);
    }

    [TestMethod]
    public void TradeAt_OtherSeed_Differs()
    {
        var same = Enumerable.Range(0, 1000)
            .Count(k => Market().TradeAt("BTCUSDT", k).Price == Market(seed: 2).TradeAt("BTCUSDT", k).Price);
        Assert.IsLessThan(100, same);
    }

    [TestMethod]
    public void TradeAt_AnyListing_StaysInRangeAndOnItsGrid() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<uint>().Select(k => (long)k * 3).ToArbitrary(),
        Gen.Elements(ListingCatalog.Tickers.Append("MADEUPUSDT").Append("OTHERBTC").ToArray()).ToArbitrary(),
        (k, ticker) =>
        {
            var trade = Market(ticker).TradeAt(ticker, k);
            var listing = ListingCatalog.Get(ticker);
            return trade.Price.Scaled % listing.TickSize.Scaled == 0
                && Math.Abs(trade.Price.Scaled - listing.BasePrice.Scaled) <= (listing.BasePrice.Scaled / 12)
                + (2 * listing.TickSize.Scaled)
                && trade.Quantity.Scaled > 0
                && trade.Quantity.Scaled % listing.StepSize.Scaled == 0
                && Amount.TryMultiply(trade.Price, trade.Quantity, out var amount)
                && amount >= listing.MinNotional
                && trade.EventTime > trade.TradeTime
                && trade.EventTime - trade.TradeTime <= TimeSpan.FromMilliseconds(1);
        }).QuickCheckThrowOnFailure();

    [TestMethod]
    public void TradeById_EveryTrade_IsTradeAtItsIndex()
    {
        var market = Market();
        var first = market.Symbol("BTCUSDT").FirstId;
        Assert.IsTrue(first is >= 1_000_000 and < 6_000_000_000);
        Assert.IsTrue(market.TradeById("BTCUSDT", first + 4321, out var trade));
        Assert.AreEqual(market.TradeAt("BTCUSDT", 4321), trade);
        Assert.AreEqual(first + 4321, trade.TradeId);
        Assert.IsFalse(market.TradeById("BTCUSDT", first - 1, out _));
        Assert.IsFalse(market.TradeById("ETHUSDT", first, out _));
    }

    [TestMethod]
    public void TradeAt_LaterSession_ContinuesIdsWithItsOwnClock()
    {
        var later = Origin + TimeSpan.FromHours(3);
        var description = MarketDescription.New(1)
            .Continue(["BTCUSDT"], Origin, 100_000)
            .Continue(["BTCUSDT"], later, 5_000_000, new Dictionary<string, long>(StringComparer.Ordinal) { ["BTCUSDT"] = 500 });
        var market = new SimulatedMarket(description);

        Assert.AreEqual(Market(rate: 100).TradeAt("BTCUSDT", 499), market.TradeAt("BTCUSDT", 499));
        Assert.AreEqual(market.TradeAt("BTCUSDT", 499).TradeId + 1, market.TradeAt("BTCUSDT", 500).TradeId);
        Assert.IsTrue(market.TradeAt("BTCUSDT", 499).TradeTime < later);
        Assert.IsTrue(market.TradeAt("BTCUSDT", 500).TradeTime >= later);
    }

    [TestMethod]
    public void TradeAt_RisingPrice_IsBoughtMoreThanSold()
    {
        var symbol = Market().Symbol("BTCUSDT");
        int risingBuys = 0, rising = 0, fallingBuys = 0, falling = 0;
        for (var k = 0; k < 200_000; k++)
        {
            symbol.Read(k, out var trade);
            symbol.Read(k - (k % 64), out var before);
            symbol.Read(k - (k % 64) + 64, out var after);
            var buys = trade.Aggressor == AggressorSide.Buy ? 1 : 0;
            if (after.Price > before.Price)
            {
                rising++;
                risingBuys += buys;
            }
            else
            {
                falling++;
                fallingBuys += buys;
            }
        }

        Assert.IsGreaterThan((100 * fallingBuys / falling) + 10, 100 * risingBuys / rising);
    }

    [TestMethod]
    public void TradeAt_ManyTrades_HasHeavyTailedSizes()
    {
        var sizes = Enumerable.Range(0, 100_000).Select(k => Market1.TradeAt("BTCUSDT", k).Quantity.Scaled).Order().ToList();
        Assert.IsGreaterThan(50 * sizes[50_000], sizes[99_900]);
    }

    private static readonly SimulatedMarket Market1 = Market();

    private static SimulatedMarket Market(string ticker = "BTCUSDT", long seed = 1, double rate = 1000) =>
        new(MarketDescription.New(seed).Continue([ticker], Origin, (long)(rate * 1000)));
}
