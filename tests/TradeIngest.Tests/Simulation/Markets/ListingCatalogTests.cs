using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Tests.Simulation.Markets;

[TestClass]
public sealed class ListingCatalogTests
{
    [TestMethod]
    public void Get_ThousandMadeUpNames_AllMakeMarkets()
    {
        var tickers = Enumerable.Range(0, 1000).Select(i => $"T{i}{(i % 3 == 0 ? "BTC" : "USDT")}").ToList();
        var market = new SimulatedMarket(MarketDescription.New(1).Continue(tickers, default, 1_000_000));
        foreach (var ticker in tickers) Assert.IsGreaterThan(0, market.TradeAt(ticker, 12_345).Price.Scaled);
    }

    [TestMethod]
    [DataRow("BTCFDUSD", "BTC", "FDUSD")]
    [DataRow("ZZZUSDT", "ZZZ", "USDT")]
    [DataRow("币安人生USDT", "币安人生", "USDT")]
    public void Get_PairOfAKnownQuote_SplitsTheName(string ticker, string baseAsset, string quoteAsset)
    {
        var listing = ListingCatalog.Get(ticker);
        Assert.AreEqual((baseAsset, quoteAsset), (listing.BaseAsset, listing.QuoteAsset));
        Assert.AreEqual(listing, ListingCatalog.Get(ticker));
    }

    [TestMethod]
    [DataRow("btcusdt")]
    [DataRow("USDT")]
    [DataRow("BTC-USDT")]
    [DataRow("ABCXYZ")]
    public void Get_NoSuchPair_NamesItInTheRefusal(string ticker) =>
        Assert.Contains(
            ticker, Assert.ThrowsExactly<ArgumentException>(() => ListingCatalog.Get(ticker)).Message, StringComparison.Ordinal);
}
