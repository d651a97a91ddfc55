using Microsoft.Extensions.Hosting;

namespace Crypto.TradeIngest.Workers;

/// <summary>
/// One role at work. Its failure ends the host; its stop finishes what is under way, for as long as the host's drain may take.
/// </summary>
internal abstract class Worker(ServiceFailure failure) : BackgroundService
{
    // For a worker that is abandoned to notice it.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _abandoning = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The role's name.</summary>
    public abstract string Name { get; }

    /// <summary>What must progress while the worker runs.</summary>
    public abstract IReadOnlyList<Probe> Probes { get; }

    /// <summary>Completes when it is at work, and no longer opening what it needs; never where that fails.</summary>
    public Task Started => _started.Task;

    /// <summary>Whether what was under way at the stop was finished.</summary>
    public bool IsDrained => !_abandoning.IsCancellationRequested;

    /// <summary>Canceled when not even what is under way is waited for any more.</summary>
    protected CancellationToken Abandoning => _abandoning.Token;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource();
        await using var abandon = cancellationToken.Register(() =>
        {
            _abandoning.Cancel();
            patience.CancelAfter(Grace);
        });
        await base.StopAsync(patience.Token);
    }

    public override void Dispose()
    {
        base.Dispose();
        _abandoning.Dispose();
    }

    /// <summary>Works until stopped, and then finishes what is under way.</summary>
    protected abstract Task WorkAsync(CancellationToken stoppingToken);

    protected void NoteStarted() => _started.TrySetResult();

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WorkAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The way a worker ends that was still opening, or was abandoned.
        }
        catch (Exception exception)
        {
            failure.Report(exception);
        }
    }
}
