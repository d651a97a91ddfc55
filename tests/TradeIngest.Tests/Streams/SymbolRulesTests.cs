using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Tests.Streams;

[TestClass]
public sealed class SymbolRulesTests
{
    [TestMethod]
    [DataRow("BTCUSDT", "", "BTCUSDT")]
    [DataRow("*USDT", "", "BTCUSDT ETHUSDT")]
    [DataRow("*usdt,btceur", "", "BTCUSDT ETHUSDT BTCEUR")]
    [DataRow("BTC*", "*EUR", "BTCUSDT")]
    [DataRow("ALL", "", "BTCUSDT ETHUSDT BTCEUR")]
    [DataRow("ALL", "eth*,BTCEUR", "BTCUSDT")]
    [DataRow("B*T", "", "BTCUSDT")]
    [DataRow("HALTUSDT", "", "HALTUSDT")]
    public void Choose_TickersAndPatterns_AreThoseListedThatTradeOrAreNamed(string symbols, string exclude, string chosen)
    {
        var choice = Rules(symbols, exclude).Choose(Listing());

        Assert.AreEqual(chosen, string.Join(' ', choice.Chosen.Select(symbol => symbol.Ticker)));
        Assert.IsEmpty(choice.Unlisted);
        Assert.IsEmpty(choice.Unmatched);
    }

    [TestMethod]
    [DataRow("BTCUSDT", "+ETHUSDT", "BTCUSDT ETHUSDT")]
    [DataRow("ALL", "-*EUR", "BTCUSDT ETHUSDT")]
    [DataRow("ALL", "-*USDT +ETHUSDT", "ETHUSDT BTCEUR")]
    [DataRow("ALL", "+ETHUSDT -*USDT", "BTCEUR")]
    [DataRow("BTCUSDT", "+*EUR", "BTCUSDT BTCEUR")]
    public void Choose_Edits_TheLastThatMatchesHolds(string symbols, string edits, string chosen)
    {
        var rules = Rules(symbols) with
        {
            Edits = [.. edits.Split(' ').Select(edit => new SymbolEdit(edit[0] == '+', edit[1..]))],
        };

        Assert.AreEqual(chosen, string.Join(' ', rules.Choose(Listing()).Chosen.Select(symbol => symbol.Ticker)));
    }

    [TestMethod]
    public void Choose_EditThatAddsWhatIsExcluded_Holds() => Assert.AreEqual(
        "BTCEUR", (Rules("*EUR", "BTCEUR") with { Edits = [new SymbolEdit(true, "BTCEUR")] }).Choose(Listing()).Chosen.Single().Ticker);

    [TestMethod]
    public void Choose_WhatIsNotListed_IsReportedApart()
    {
        var rules = Rules("BTCUSDT,NONE,*NOTHING,GONE", "GONE,*EURX") with
        {
            Edits = [new SymbolEdit(true, "LATER"), new SymbolEdit(false, "ANOTHER")],
        };
        var choice = rules.Choose(Listing());

        CollectionAssert.AreEqual(new[] { "NONE" }, choice.Unlisted.ToArray());
        CollectionAssert.AreEqual(new[] { "*NOTHING", "GONE", "*EURX", "LATER" }, choice.Unmatched.ToArray());
    }

    [TestMethod]
    [DataRow("*USD/T", "because of '/'")]
    [DataRow("BTC?", "because of '?'")]
    [DataRow("", "1 to 80 bytes")]
    public void FaultOf_NoTickerOrPattern_SaysWhy(string pattern, string fault) =>
        StringAssert.Contains(SymbolPattern.FaultOf(pattern)!, fault);

    [TestMethod]
    [DataRow("BTCUSDT")]
    [DataRow("*")]
    [DataRow("币安人生USDT")]
    [DataRow("1000*USD_T")]
    public void FaultOf_TickerOrPattern_IsNone(string pattern) => Assert.IsNull(SymbolPattern.FaultOf(pattern));

    private static SymbolRules Rules(string symbols, string exclude = "") =>
        new(SymbolPattern.Parse(symbols), SymbolPattern.Parse(exclude), []);

    private static ExchangeListing Listing() => new(
        [Symbol("BTCUSDT"), Symbol("ETHUSDT"), Symbol("BTCEUR"), Symbol("HALTUSDT") with { Status = "HALT" }],
        new Dictionary<string, string>());

    private static ExchangeSymbol Symbol(string ticker) => new(ticker, "TRADING", ticker, "USDT", null, null, IsSpotTradingAllowed: true);
}
