using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>Members of a group of which one at a time works, on mock brokers.</summary>
[TestClass]
public sealed class KafkaLeaderElectionTests : IAsyncDisposable
{
    private readonly TestCluster _cluster = new();
    private KafkaTradeLog? _log;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_log is not null) await _log.DisposeAsync();
        _cluster.Dispose();
    }

    [TestMethod]
    public async Task Run_HolderLeavesWithWorkUnderWay_TheNextBeginsWhenThatHasEnded()
    {
        using var first = await CandidateAsync(TimeProvider.System);
        using var second = await CandidateAsync(TimeProvider.System);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var sent = new TaskCompletionSource();
        var begun = new TaskCompletionSource();
        var underWay = new TaskCompletionSource();
        var firstRun = first.RunAsync(
            async term =>
            {
                begun.TrySetResult();
                await Ended(term);
                underWay.TrySetResult();
                await sent.Task;
            },
            leaving.Token, CancellationToken.None);
        await begun.Task.WaitAsync(Patience.Limit, Stop);

        var secondBegan = new TaskCompletionSource();
        var secondRun = second.RunAsync(
            term =>
            {
                Assert.IsTrue(sent.Task.IsCompleted);
                secondBegan.TrySetResult();
                return Ended(term);
            },
            ending.Token, CancellationToken.None);
        await leaving.CancelAsync();
        await underWay.Task.WaitAsync(Patience.Limit, Stop);
        Assert.AreNotEqual(LeadershipState.Active, second.State);
        sent.SetResult();
        await firstRun.WaitAsync(Patience.Limit, Stop);
        await secondBegan.Task.WaitAsync(Patience.Limit, Stop);

        Assert.AreEqual((LeadershipState.Joining, LeadershipState.Active), (first.State, second.State));
        await ending.CancelAsync();
        await secondRun.WaitAsync(Patience.Limit, Stop);
    }

    [TestMethod]
    public async Task Run_SilentForASession_EndsItsTermAndJoinsAgain()
    {
        var clock = new ManualTimeProvider();
        using var candidate = await CandidateAsync(clock);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var terms = new List<LeadershipTerm>();
        using var began = new SemaphoreSlim(0);
        var running = candidate.RunAsync(
            term =>
            {
                terms.Add(term);
                began.Release();
                return Ended(term);
            },
            leaving.Token, CancellationToken.None);
        Assert.IsTrue(await began.WaitAsync(Patience.Limit, Stop));
        terms[0].ThrowIfOver();

        // As a process finds it that was paused: whoever comes first, the one that publishes or the one that polls, ends the term.
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.IsTrue(await began.WaitAsync(Patience.Limit, Stop));

        Assert.ThrowsExactly<OperationCanceledException>(terms[0].ThrowIfOver);
        Assert.HasCount(2, terms);
        terms[1].ThrowIfOver();
        await leaving.CancelAsync();
        await running.WaitAsync(Patience.Limit, Stop);
    }

    [TestMethod]
    public async Task Run_WorkFails_FailsToo()
    {
        using var candidate = await CandidateAsync(TimeProvider.System);

        var running = candidate.RunAsync(_ => throw new InvalidDataException("no way"), Stop, CancellationToken.None);

        var failure = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => running.WaitAsync(Patience.Limit, Stop));
        Assert.AreEqual("no way", failure.Message);
    }

    [TestMethod]
    public void ThrowIfOver_AnotherMayLead_EndsTheTerm()
    {
        var isCurrent = true;
        using var term = new LeadershipTerm(() => isCurrent, CancellationToken.None);
        term.ThrowIfOver();

        isCurrent = false;

        Assert.ThrowsExactly<OperationCanceledException>(term.ThrowIfOver);
        Assert.IsTrue(term.Ending.IsCancellationRequested);
    }

    private async Task<KafkaLeaderElection> CandidateAsync(TimeProvider clock)
    {
        _log ??= await _cluster.OpenAsync(TimeProvider.System, Stop, (Topics.SymbolChanges, 1));
        return new KafkaLeaderElection(_log, Topics.SymbolChanges, "test-reference", clock, NullLogger.Instance);
    }

    private static Task Ended(LeadershipTerm term)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        term.Ending.Register(ended.SetResult);
        return ended.Task;
    }
}
