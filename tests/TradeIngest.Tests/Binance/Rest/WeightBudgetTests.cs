using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance.Rest;

[TestClass]
public sealed class WeightBudgetTests
{
    private readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 2, 3, 0, 0, 10, TimeSpan.Zero));

    [TestMethod]
    public async Task Spend_BudgetUsedUp_WaitsForTheNextMinute()
    {
        var budget = new WeightBudget(_clock, Ban(), limit: 100, reserve: 20);
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
        var budget = new WeightBudget(_clock, Ban(), limit: 100, reserve: 20);
        await budget.SpendAsync(80, isUrgent: false, CancellationToken.None);
        await budget.SpendAsync(20, isUrgent: true, CancellationToken.None);
        Assert.IsFalse(budget.SpendAsync(1, isUrgent: true, CancellationToken.None).IsCompleted);
    }

    [TestMethod]
    public async Task Correct_ExchangeCountsMore_IsBelieved()
    {
        var budget = new WeightBudget(_clock, Ban(), limit: 100, reserve: 0);
        var minute = await budget.SpendAsync(10, isUrgent: false, CancellationToken.None);
        budget.Correct(minute, 95);
        Assert.IsFalse(budget.SpendAsync(10, isUrgent: false, CancellationToken.None).IsCompleted);
    }

    [TestMethod]
    public async Task Correct_CountOfAnOldMinute_IsIgnored()
    {
        var budget = new WeightBudget(_clock, Ban(), limit: 100, reserve: 0);
        var minute = await budget.SpendAsync(10, isUrgent: false, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMinutes(1));
        budget.Correct(minute, 95);
        Assert.AreEqual(0, budget.Used);
    }

    [TestMethod]
    [DataRow(-60 * 24)]
    [DataRow(-20)]
    [DataRow(20)]
    public async Task Spend_ClockIsSet_NextMinuteComesAllTheSame(int hours)
    {
        var budget = new WeightBudget(_clock, Ban(), limit: 100, reserve: 0);
        await budget.SpendAsync(100, isUrgent: false, CancellationToken.None);
        _clock.Set(TimeSpan.FromHours(hours));
        var next = budget.SpendAsync(1, isUrgent: false, CancellationToken.None);
        Assert.IsFalse(next.IsCompleted, "A clock that is set gives no minute twice.");

        _clock.Advance(TimeSpan.FromSeconds(51));
        await next.WaitAsync(Patience.Limit);
    }

    [TestMethod]
    [DataRow(-60 * 24)]
    [DataRow(20)]
    public async Task Block_ClockIsSet_LastsAsLongAsTold(int hours)
    {
        var budget = new WeightBudget(_clock, Ban());
        budget.Ban.Extend(TimeSpan.FromMinutes(3));
        _clock.Set(TimeSpan.FromHours(hours));
        var next = budget.SpendAsync(1, isUrgent: true, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(179));
        Assert.IsFalse(next.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await next.WaitAsync(Patience.Limit);
    }

    [TestMethod]
    public async Task Block_LongerThanTheExchangeEverBans_EndsWithTheLongestBan()
    {
        var budget = new WeightBudget(_clock, Ban());
        budget.Ban.Extend(TimeSpan.FromDays(60));
        var next = budget.SpendAsync(1, isUrgent: true, CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(3));
        await next.WaitAsync(Patience.Limit);
    }

    [TestMethod]
    public async Task Block_EveryRequest_WaitsUntilItIsOver()
    {
        var budget = new WeightBudget(_clock, Ban());
        budget.Ban.Extend(TimeSpan.FromMinutes(3));
        budget.Ban.Extend(TimeSpan.FromSeconds(5));
        var next = budget.SpendAsync(1, isUrgent: true, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(179));
        Assert.IsFalse(next.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await next.WaitAsync(Patience.Limit);
    }

    private ExchangeBan Ban() => new(_clock, path: null, NullLogger.Instance);
}
