using Crypto.TestSupport;
using Crypto.TradeIngest.Workers;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Workers;

[TestClass]
public sealed class BoundedDisposalTests
{
    [TestMethod]
    public async Task DisposeAsync_NeverEnds_IsLeftBehind()
    {
        using var never = new ManualResetEventSlim();

        // Blocks as a native join does, and not by a task.
        var part = new Part(never.Wait);
        Assert.IsFalse(await BoundedDisposal.DisposeAsync(
            part, "it", TimeSpan.FromMilliseconds(10), TimeProvider.System, NullLogger.Instance));

        never.Set();
    }

    [TestMethod]
    public async Task DisposeAsync_Fails_FailsWithThat() =>
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => BoundedDisposal.DisposeAsync(
            new Part(static () => throw new InvalidDataException("no way")), "it", Patience.Limit, TimeProvider.System,
            NullLogger.Instance).AsTask());

    [TestMethod]
    public void Report_FailuresOfTwoWorkers_LogsTheFirstAndThrowsIt()
    {
        using var logger = new RecordingLogger();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logger));
        var failure = new ServiceFailure(
            new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), loggers.CreateLogger<ServiceFailure>());

        failure.Report(new InvalidDataException("the cause"));
        failure.Report(new InvalidDataException("a consequence"));

        Assert.Contains("the cause", logger.Lines.Single());
        Assert.AreEqual("the cause", Assert.ThrowsExactly<InvalidDataException>(failure.ThrowIfAny).Message);
    }

    private sealed class Part(Action dispose) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            dispose();
            return ValueTask.CompletedTask;
        }
    }
}
