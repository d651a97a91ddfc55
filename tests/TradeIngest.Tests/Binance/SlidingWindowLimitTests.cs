using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class SlidingWindowLimitTests
{
    [TestMethod]
    public async Task Wait_MoreThanTheWindowTakes_PassesAsTheOldestLeavesIt()
    {
        var clock = new ManualTimeProvider();
        using var limit = new SlidingWindowLimit(2, TimeSpan.FromSeconds(1), clock);
        await limit.WaitAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromMilliseconds(600));
        await limit.WaitAsync(CancellationToken.None);

        var third = limit.WaitAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromMilliseconds(399));
        Assert.IsFalse(third.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await third.WaitAsync(Patience.Limit);

        var fourth = limit.WaitAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromMilliseconds(599));
        Assert.IsFalse(fourth.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await fourth.WaitAsync(Patience.Limit);
    }
}
