using System.Net.Http.Headers;
using Crypto.TestSupport;
using Crypto.TradeModel.Times;

namespace Crypto.TradeModel.Tests.Times;

[TestClass]
public sealed class BackoffTests
{
    private static readonly BackoffOptions Options = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(30), 4);

    private readonly ManualTimeProvider _clock = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Next_ManyFailures_IsDrawnFromTheWholeRangeUnderACeilingThatDoubles()
    {
        var highest = new double[12];
        var lowest = Enumerable.Repeat(double.MaxValue, highest.Length).ToArray();
        for (var seed = 0; seed < 500; seed++)
        {
            var backoff = new Backoff(Options, _clock, new Random(seed));
            for (var failure = 0; failure < highest.Length; failure++)
            {
                var pause = backoff.Next().TotalSeconds;
                highest[failure] = Math.Max(highest[failure], pause);
                lowest[failure] = Math.Min(lowest[failure], pause);
            }
        }

        for (var failure = 0; failure < highest.Length; failure++)
        {
            var ceiling = Math.Min(30, 0.25 * Math.Pow(2, failure + 1));
            Assert.IsTrue(highest[failure] <= ceiling && highest[failure] > 0.9 * ceiling, $"failure {failure}: {highest[failure]} s");
            Assert.IsTrue(lowest[failure] >= 0.25 && lowest[failure] < 0.25 + (0.1 * ceiling), $"failure {failure}: {lowest[failure]} s");
        }
    }

    [TestMethod]
    public void Next_ThousandFailures_StaysWithinTheCeilingInWholeMilliseconds()
    {
        var backoff = new Backoff(Options, _clock, new Random(1));
        for (var i = 0; i < 1000; i++)
        {
            var pause = backoff.Next();
            Assert.IsLessThanOrEqualTo(Options.Longest, pause);
            Assert.AreEqual(0, pause.Ticks % TimeSpan.TicksPerMillisecond);
        }
    }

    [TestMethod]
    public void Next_FirstIsLongest_IsThat()
    {
        var backoff = new Backoff(new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)), _clock);
        for (var i = 0; i < 5; i++) Assert.AreEqual(TimeSpan.FromSeconds(1), backoff.Next());
    }

    [TestMethod]
    public void Next_TwoOfThem_DoNotComeBackTogether() => Assert.AreNotEqual(
        new Backoff(Options, _clock, new Random(1)).Next(), new Backoff(Options, _clock, new Random(2)).Next());

    [TestMethod]
    public void Next_AfterReset_StartsSmallAgain()
    {
        var backoff = new Backoff(Options, _clock, new Random(1));
        for (var i = 0; i < 10; i++) backoff.Next();
        backoff.Reset();
        Assert.IsLessThanOrEqualTo(Options.First * 2, backoff.Next());
    }

    [TestMethod]
    [DataRow(0, 0.25)]
    [DataRow(300, 300)]
    [DataRow(1e7, 3 * 86_400)]
    public void Next_ServerAsksForAWait_IsNeverSooner(double asked, double least) =>
        Assert.IsGreaterThanOrEqualTo(
            TimeSpan.FromSeconds(least), new Backoff(Options, _clock, new Random(1)).Next(TimeSpan.FromSeconds(asked)));

    [TestMethod]
    public void Next_ServerAsksForYears_IsNotBelieved() => Assert.AreEqual(
        Backoff.LongestRetryAfter, new Backoff(Options, _clock).Next(TimeSpan.FromDays(5000)));

    [TestMethod]
    public void IsLastAttempt_FourAttempts_IsTrueOfTheFourth()
    {
        var backoff = new Backoff(Options, _clock);
        var attempts = 1;
        for (; !backoff.IsLastAttempt; attempts++) backoff.Next();
        Assert.AreEqual(4, attempts);
    }

    [TestMethod]
    public async Task WaitAsync_OnAClock_EndsWithThePauseAndNotBefore()
    {
        var backoff = new Backoff(Options, _clock, new Random(1));
        var waiting = backoff.WaitAsync(TimeSpan.FromSeconds(40), TestContext.CancellationToken);
        _clock.Advance(TimeSpan.FromSeconds(40) - TimeSpan.FromTicks(1));
        Assert.IsFalse(waiting.IsCompleted);

        _clock.Advance(TimeSpan.FromTicks(1));
        await waiting;
    }

    [TestMethod]
    [DataRow("120", 120.0)]
    [DataRow("Tue, 03 Feb 2026 00:00:30 GMT", 30.0)]
    [DataRow("Mon, 02 Feb 2026 00:00:30 GMT", null)]
    [DataRow("0", null)]
    public void RetryAfter_SecondsOrADate_IsTheWaitUntilThen(string header, double? seconds) => Assert.AreEqual(
        seconds, Backoff.RetryAfter(RetryConditionHeaderValue.Parse(header), _clock)?.TotalSeconds);
}
