using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Simulation.Markets;

[TestClass]
public sealed class TapeLimitTests
{
    private static readonly Timestamp Origin = Timestamp.Parse("2026-02-03T00:00:00Z");

    [TestMethod]
    [DataRow(0L)]
    [DataRow(1L)]
    [DataRow(9_999L)]
    [DataRow(1_000_000L)]
    public void Split_GeneratedTape_IsExactAndInOrderOfTime(long total)
    {
        var market = MarketDescription.New(1).Continue(["BTCUSDT", "ETHUSDT", "ETHBTC"], Origin, 1_000_000_000);
        var tape = new GeneratedTape(new SimulatedMarket(market));
        var ends = TapeLimit.Split(tape, total);

        Assert.AreEqual(total, ends.Sum());
        var lastInside = ends.Select((end, i) => end == 0 ? Timestamp.Epoch : At(tape, i, end - 1)).Max();
        var firstOutside = ends.Select((end, i) => At(tape, i, end)).Min();
        Assert.IsTrue(lastInside <= firstOutside);
    }

    [TestMethod]
    public void Split_RecordedTapeShorterThanTheLimit_TakesAll()
    {
        var symbols = new SymbolTable();
        var tape = RecordedTape.Of(Enumerable.Range(0, 10)
            .Select(i => Recorded(symbols.Intern(i % 2 == 0 ? "BTCUSDT" : "ETHUSDT"), 100 + i, i)));
        CollectionAssert.AreEqual(new[] { 5L, 5L }, TapeLimit.Split(tape, 11));
        CollectionAssert.AreEqual(new[] { 2L, 1L }, TapeLimit.Split(tape, 3));
    }

    [TestMethod]
    public void RecordedTape_HoleInTheIds_IsSteppedOver()
    {
        var symbol = new SymbolTable().Intern("BTCUSDT");
        var tape = RecordedTape.Of([Recorded(symbol, 9, 2), Recorded(symbol, 5, 1), Recorded(symbol, 5, 1)]);
        Assert.AreEqual(2, tape.End(0));
        Assert.AreEqual(1, tape.FirstAtOrAfter(0, 6L));
        tape.Read(0, 1, out var trade);
        Assert.AreEqual(9, trade.TradeId);
    }

    internal static Trade Recorded(Symbol symbol, long id, int millisecond) => new(
        symbol,
        id,
        Price.Parse("100.5"),
        Quantity.Parse("0.25"),
        Origin + TimeSpan.FromMilliseconds(millisecond),
        Origin + TimeSpan.FromMilliseconds(millisecond),
        default,
        id % 2 == 0 ? AggressorSide.Buy : AggressorSide.Sell,
        IngestSource.Replay);

    private static Timestamp At(GeneratedTape tape, int ordinal, long k)
    {
        tape.Read(ordinal, k, out var trade);
        return trade.TradeTime;
    }
}
