using Crypto.TestSupport;
using Crypto.TradeIngest.Hosting.Health;

namespace Crypto.TradeIngest.Tests.Hosting.Health;

[TestClass]
public sealed class HealthMonitorTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _clock = new();
    private long _progress;
    private bool _isIdle;

    [TestMethod]
    public void Read_WorkAndNoProgressBeyondTheBound_IsUnhealthyUntilItGetsOn()
    {
        var monitor = Monitor();
        _clock.Advance(Bound);
        monitor.Look();
        Assert.IsTrue(monitor.Read().IsHealthy);

        _clock.Advance(TimeSpan.FromSeconds(2));
        monitor.Look();
        var stalled = monitor.Read().Parts.Single();
        Assert.AreEqual(("part", false, 12.0), (stalled.Name, stalled.IsHealthy, stalled.Stalled));

        _progress++;
        monitor.Look();
        Assert.IsTrue(monitor.Read().IsHealthy);
    }

    [TestMethod]
    public void Read_NothingToDo_StaysHealthy()
    {
        var monitor = Monitor();
        _isIdle = true;
        _clock.Advance(10 * Bound);

        monitor.Look();

        Assert.IsTrue(monitor.Read().IsHealthy);
    }

    [TestMethod]
    public void Read_NobodyLooksAnyMore_IsUnhealthy()
    {
        var monitor = Monitor();
        _isIdle = true;

        _clock.Advance(2 * Bound);

        Assert.IsFalse(monitor.Read().IsHealthy);
    }

    private HealthMonitor Monitor() => new([new HealthPart("part", () => _isIdle, () => _progress)], Bound, _clock);
}
