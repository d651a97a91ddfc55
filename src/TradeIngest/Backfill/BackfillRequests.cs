using System.Reactive.Linq;
using System.Reactive.Subjects;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Backfill;

/// <summary>
/// The requests that a running service finds in its data folder, one after the other: what they bring is merged into its pipeline, behind
/// the live trades where room is short. A request is removed when its trades are in the log. Whatever fails here ends the request, and
/// nothing else.
/// </summary>
internal sealed class BackfillRequests(
    BackfillFolder folder, ITradeHistory history, BackfillRoom room, GapBackfillOptions options, TradeIngestMetrics metrics,
    TimeProvider clock, ILogger<BackfillRequests> logger) : IBackfillTarget, IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(20);

    private readonly Subject<StreamEvent> _events = new();

    // For as long as it takes: the request survives this process, and nobody waits at a screen.
    private readonly BackoffOptions _pauses = new(options.RetryDelay, TimeSpan.FromMinutes(1));

    /// <summary>What is fetched. Completes when <see cref="RunAsync(CancellationToken)"/> ends.</summary>
    public IObservable<StreamEvent> Events => _events.AsObservable();

    public ContinuityTracker Tracker => room.Tracker;

    public SymbolTable Symbols => room.Symbols;

    public long Disputed => room.Disputed.Count;

    /// <summary>Works on requests until stopped; the one under way then waits for the next start.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                if (Next() is { } id) await WorkAsync(id, cancellationToken);
                else await Task.Delay(PollInterval, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _events.OnCompleted();
        }
    }

    public async Task PushAsync(StreamEvent value, CancellationToken cancellationToken)
    {
        await room.Channel.WaitForRoomAsync(cancellationToken);
        var disputed = value is TradeBatch batch ? await room.Disputed.TakeAsync(batch, cancellationToken) : null;
        _events.OnNext(value);
        if (disputed is not null) room.Channel.OnNext(disputed);
    }

    public void Dispose() => _events.Dispose();

    private string? Next()
    {
        try
        {
            folder.Sweep(clock);
            foreach (var id in folder.Pending())
            {
                if (folder.TryRead(id, out _, out var fault)) return id;
                if (!folder.Has(id)) continue;
                logger.BackfillUnreadable(Path.Combine(folder.Path, $"{id}.json"), fault);
                folder.SetAside(id);
                folder.Write(id, Failed(BackfillReport.Waiting, new ConfigurationException($"The request cannot be read: {fault}")));
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.BackfillFolderFailed(folder.Path, failure.Message);
        }

        return null;
    }

    private async Task WorkAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            if (!folder.TryRead(id, out var request, out _)) return;
            logger.BackfillBegins(id, request.Kind, request.Symbol ?? "all symbols");
            var report = await RunAsync(id, request, cancellationToken);
            folder.Write(id, report);
            folder.Remove(id);
            if (report.Error is { } error) logger.BackfillFailed(id, error);
            logger.BackfillEnded(id, report.State, report.Trades, report.Known, report.Absent);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A full disk stops the log too, which ends the service where it must.
            logger.BackfillFolderFailed(folder.Path, failure.Message);
            await Task.Delay(PollInterval, clock, cancellationToken);
        }
    }

    private async Task<BackfillReport> RunAsync(string id, BackfillRequest request, CancellationToken cancellationToken)
    {
        var progress = new BackfillProgress();
        using var taking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var job = Task.Run(() => DoAsync(request, progress, taking.Token), CancellationToken.None);
        while (!job.IsCompleted)
        {
            Show(id, progress.Report);
            if (!folder.Has(id)) await taking.CancelAsync();
            await Task.WhenAny(job, Task.Delay(PollInterval, clock, CancellationToken.None));
        }

        try
        {
            await job;
            return progress.Report with { State = BackfillState.Done, ExitCode = progress.Report.IsWhole ? 0 : 1 };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Show(id, progress.Report with { State = BackfillState.Waiting });
            throw;
        }
        catch (OperationCanceledException) when (taking.IsCancellationRequested)
        {
            return progress.Report with { State = BackfillState.Canceled };
        }
        catch (Exception failure)
        {
            return Failed(progress.Report, failure);
        }
    }

    private async Task DoAsync(BackfillRequest request, BackfillProgress progress, CancellationToken cancellationToken)
    {
        var job = new BackfillJob(history, this, folder.Downloads, _pauses, metrics.Backfill, clock);
        await job.RunAsync(request, progress, cancellationToken);
        progress.Update(report => report with { Step = "writing into the log" });
        await FlushAsync(cancellationToken);
    }

    // The hand-off keeps the order: what is counted in the log is everything up to there.
    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var (trades, letters) = (metrics.Channel.Trades.Value, metrics.Channel.DeadLetters.Value);
        while (metrics.Log.Trades.Value < trades || metrics.Log.DeadLetters.Value + metrics.Log.Summarized.Value < letters)
        {
            await Task.Delay(FlushInterval, clock, cancellationToken);
        }
    }

    private void Show(string id, BackfillReport report)
    {
        try
        {
            folder.Write(id, report);
            foreach (var other in folder.Pending())
            {
                if (other != id && folder.Read(other) is null) folder.Write(other, BackfillReport.Waiting);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Only the display suffers.
            logger.BackfillFolderFailed(folder.Path, failure.Message);
        }
    }

    private static BackfillReport Failed(BackfillReport report, Exception failure) => report with
    {
        State = BackfillState.Failed,
        Error = Secrets.Mask(failure.Message),
        ExitCode = failure is ConfigurationException or ReplayFileException ? 2 : 3,
    };
}

/// <summary>The part of the service's pipeline that requests share.</summary>
internal sealed record BackfillRoom(TradeChannel Channel, ContinuityTracker Tracker, SymbolTable Symbols, DisputedTrades Disputed);
