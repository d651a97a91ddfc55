using Crypto.TradeIngest.Binance;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class ReconnectBackoffTests
{
    private static readonly TimeSpan Minimum = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Maximum = TimeSpan.FromSeconds(30);

    [TestMethod]
    public void Next_ManyFailures_DoublesWithJitterUpToTheMaximum()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var backoff = new ReconnectBackoff(Minimum, Maximum, new Random(seed));
            for (var failure = 1; failure < 100; failure++)
            {
                var ceiling = Math.Min(30, 0.25 * Math.Pow(2, failure));
                var delay = backoff.Next().TotalSeconds;
                Assert.IsTrue(delay >= ceiling / 2 && delay <= ceiling, $"failure {failure}: {delay} s");
            }
        }
    }

    [TestMethod]
    public void Next_TwoShards_DoNotComeBackTogether()
    {
        var one = new ReconnectBackoff(Minimum, Maximum, new Random(1));
        var other = new ReconnectBackoff(Minimum, Maximum, new Random(2));
        Assert.AreNotEqual(one.Next(), other.Next());
    }

    [TestMethod]
    public void Next_AfterReset_StartsSmallAgain()
    {
        var backoff = new ReconnectBackoff(Minimum, Maximum, new Random(1));
        for (var i = 0; i < 10; i++) backoff.Next();
        backoff.Reset();
        Assert.IsLessThanOrEqualTo(Minimum * 2, backoff.Next());
    }
}
