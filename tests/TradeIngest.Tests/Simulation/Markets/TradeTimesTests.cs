using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeIngest.Tests.Simulation.Markets;

[TestClass]
public sealed class TradeTimesTests
{
    private static readonly Timestamp Origin = Timestamp.Parse("2026-02-03T00:00:00Z");

    [TestMethod]
    [DataRow(1L)]
    [DataRow(1_000L)]
    [DataRow(50_000_000L)]
    [DataRow(1_000_000_000L)]
    public void At_ManyTrades_NeverGoesBack(long milliTradesPerSecond)
    {
        var times = new TradeTimes(7, Origin, milliTradesPerSecond, 1, 1);
        Assert.IsTrue(times.At(0) >= Origin);
        for (var n = 1; n < 20_000; n++) Assert.IsTrue(times.At(n) >= times.At(n - 1), $"at {n}");
    }

    [TestMethod]
    [DataRow(1_000L, 3L)]
    [DataRow(50_000_000L, 1L)]
    public void At_ManyTrades_KeepsTheRate(long milliTradesPerSecond, long share)
    {
        var times = new TradeTimes(7, Origin, milliTradesPerSecond, share, 10);
        const long Spans = 1000 * 4096L;
        var seconds = (times.At(Spans) - times.At(0)).TotalSeconds;
        Assert.AreEqual(milliTradesPerSecond / 1000.0 * share / 10, Spans / seconds, 0.002 * milliTradesPerSecond / 1000.0 * share / 10);
    }

    [TestMethod]
    public void CountBefore_AnyTime_InvertsAt() => Prop.ForAll(
        ArbMap.Default.GeneratorFor<uint>().ToArbitrary(),
        Gen.Choose(1, 2_000_000_000).ToArbitrary(),
        (n, milliTradesPerSecond) =>
        {
            var times = new TradeTimes(n, Origin, milliTradesPerSecond, 3, 17);
            var at = times.At(n);
            var first = times.CountBefore(at);
            return first <= n && times.At(first) == at && (first == 0 || times.At(first - 1) < at)
                && times.CountBefore(new Timestamp(at.Microseconds + 1)) > n;
        }).QuickCheckThrowOnFailure();

    [TestMethod]
    public void At_OneMinute_IsBursty()
    {
        // 1,000 trades a second on average: some share a microsecond, some milliseconds hold dozens, some hold none.
        var times = new TradeTimes(7, Origin, 1_000_000, 1, 1);
        var perMillisecond = Enumerable.Range(0, 60_000).GroupBy(n => times.At(n).Microseconds / 1000).ToList();
        Assert.IsGreaterThan(10, perMillisecond.Max(group => group.Count()));
        Assert.IsLessThan(30_000, perMillisecond.Count);
        Assert.IsGreaterThan(1000, Enumerable.Range(1, 59_999).Count(n => times.At(n) == times.At(n - 1)));
    }
}
