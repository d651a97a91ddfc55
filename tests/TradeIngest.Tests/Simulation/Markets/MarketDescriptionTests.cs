using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Tests.Simulation.Markets;

[TestClass]
public sealed class MarketDescriptionTests
{
    private static readonly Timestamp Origin = Timestamp.Parse("2026-02-03T10:11:12.345678Z");
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [TestCleanup]
    public void Delete() => File.Delete(_path);

    [TestMethod]
    public void Load_SavedDescription_GivesTheSameMarket()
    {
        string[] tickers = ["BTCUSDT", "币安人生USDT", "XYZBTC"];
        var description = MarketDescription.New(-5)
            .Continue(tickers, Origin, 50_000_000)
            .Continue(tickers, Origin + TimeSpan.FromDays(1), 1, new Dictionary<string, long>(StringComparer.Ordinal) { ["XYZBTC"] = 77 });
        description.Save(_path);
        var loaded = MarketDescription.Load(_path);

        foreach (var ticker in tickers)
        {
            for (var k = 0; k < 100; k++)
            {
                Assert.AreEqual(new SimulatedMarket(description).TradeAt(ticker, k), new SimulatedMarket(loaded).TradeAt(ticker, k));
            }
        }

        Assert.Contains("币安人生USDT", File.ReadAllText(_path), StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("{}")]
    [DataRow("[]")]
    [DataRow("null")]
    [DataRow("""{"seed":1,"listings":[],"sessions":[{"origin":"soon","milliTradesPerSecond":1,"firstK":{}}]}""")]
    public void Load_OtherJson_Refuses(string text)
    {
        File.WriteAllText(_path, text);
        Assert.ThrowsExactly<InvalidDataException>(() => MarketDescription.Load(_path));
    }

    [TestMethod]
    public void Market_SessionThatStartsBeforeThePrevious_Refuses()
    {
        var description = MarketDescription.New(1)
            .Continue(["BTCUSDT"], Origin, 1000, new Dictionary<string, long>(StringComparer.Ordinal) { ["BTCUSDT"] = 10 })
            .Continue(["BTCUSDT"], Origin, 1000);
        Assert.ThrowsExactly<InvalidDataException>(() => new SimulatedMarket(description));
    }
}
