using Crypto.TestSupport;
using Crypto.TradeIngest.Binance.Rest;

namespace Crypto.TradeIngest.Tests.Binance.Rest;

[TestClass]
public sealed class WeightBudgetTests
{
    private readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 2, 3, 0, 0, 10, TimeSpan.Zero));

    [TestMethod]
    public async Task Spend_BudgetUsedUp_WaitsForTheNextMinute()
    {
        var budget = new WeightBudget(_clock, limit: 100, reserve: 20);
        await budget.SpendAsync(80, isUrgent: false, CancellationToken.None);
        var next = budget.SpendAsync(1, isUrgent: false, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(50));
        Assert.IsFalse(next.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await next.WaitAsync(Patience.Limit);
        Assert.AreEqual(1, budget.Used);
    }

    [TestMethod]
    public async Task Spend_Urgent_MayUseTheReserve()
    {
        var budget = new WeightBudget(_clock, limit: 100, reserve: 20);
        await budget.SpendAsync(80, isUrgent: false, CancellationToken.None);
        await budget.SpendAsync(20, isUrgent: true, CancellationToken.None);
        Assert.IsFalse(budget.SpendAsync(1, isUrgent: true, CancellationToken.None).IsCompleted);
    }

    [TestMethod]
    public async Task Correct_ExchangeCountsMore_IsBelieved()
    {
        var budget = new WeightBudget(_clock, limit: 100, reserve: 0);
        var minute = await budget.SpendAsync(10, isUrgent: false, CancellationToken.None);
        budget.Correct(minute, 95);
        Assert.IsFalse(budget.SpendAsync(10, isUrgent: false, CancellationToken.None).IsCompleted);
    }

    [TestMethod]
    public async Task Correct_CountOfAnOldMinute_IsIgnored()
    {
        var budget = new WeightBudget(_clock, limit: 100, reserve: 0);
        var minute = await budget.SpendAsync(10, isUrgent: false, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMinutes(1));
        budget.Correct(minute, 95);
        Assert.AreEqual(0, budget.Used);
    }

    [TestMethod]
    public async Task Block_EveryRequest_WaitsUntilItIsOver()
    {
        var budget = new WeightBudget(_clock);
        budget.Block(TimeSpan.FromMinutes(3));
        budget.Block(TimeSpan.FromSeconds(5));
        var next = budget.SpendAsync(1, isUrgent: true, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(179));
        Assert.IsFalse(next.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await next.WaitAsync(Patience.Limit);
    }
}
