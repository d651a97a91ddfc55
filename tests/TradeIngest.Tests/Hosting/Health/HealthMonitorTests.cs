using Crypto.TestSupport;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Workers;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Hosting.Health;

[TestClass]
public sealed class HealthMonitorTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _clock = new();
    private long _progress;
    private bool _isIdle;

    [TestMethod]
    public async Task Read_WorkAndNoProgressBeyondTheBound_IsUnhealthyUntilItProgresses()
    {
        using var monitor = await MonitorAsync();
        _clock.Advance(Bound);
        Assert.IsTrue(monitor.Read().IsHealthy);

        _clock.Advance(TimeSpan.FromSeconds(2));
        monitor.Poll();
        var stalled = monitor.Read().Parts.Single();
        Assert.AreEqual(("part", false, 12.0), (stalled.Name, stalled.IsHealthy, stalled.Stalled));

        _progress++;
        monitor.Poll();
        Assert.IsTrue(monitor.Read().IsHealthy);
    }

    [TestMethod]
    public async Task Read_NothingToDo_StaysHealthy()
    {
        using var monitor = await MonitorAsync();
        _isIdle = true;
        _clock.Advance(10 * Bound);

        monitor.Poll();

        Assert.IsTrue(monitor.Read().IsHealthy);
    }

    [TestMethod]
    public async Task Read_NobodyPollsAnyMore_IsUnhealthy()
    {
        using var monitor = await MonitorAsync();
        _isIdle = true;

        _clock.Advance(2 * Bound);

        Assert.IsFalse(monitor.Read().IsHealthy);
    }

    [TestMethod]
    public async Task Read_WorkerStillOpensWhatItNeeds_IsNotHealthyYet()
    {
        using var monitor = await MonitorAsync(isStarted: false);

        var part = monitor.Read().Parts.Single();

        Assert.AreEqual(("worker", false, "starting"), (part.Name, part.IsHealthy, part.State));
    }

    private async Task<HealthMonitor> MonitorAsync(bool isStarted = true)
    {
        var worker = new ProbedWorker(new Probe("part", () => _isIdle, () => _progress), isStarted);
        await worker.StartAsync(CancellationToken.None);
        if (isStarted) await worker.Started;
        var monitor = new HealthMonitor(() => [worker], Bound, _clock);
        monitor.Poll();
        return monitor;
    }

    private sealed class ProbedWorker(Probe probe, bool isStarted) : Worker(
        new ServiceFailure(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), NullLogger<ServiceFailure>.Instance))
    {
        public override string Name => "worker";

        public override IReadOnlyList<Probe> Probes => [probe];

        protected override Task WorkAsync(CancellationToken stoppingToken)
        {
            if (isStarted) NoteStarted();
            return Task.CompletedTask;
        }
    }
}
