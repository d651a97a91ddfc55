using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Workers;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Keeps what symbols are current, from the exchange, the reference file and a database's change events. One process of a deployment does
/// at a time, whichever is elected; the others stand by.
/// <para>
/// An election fences nothing: what a leader that was thought dead had under way may land after its successor has begun. It does no lasting
/// harm. The same assertion is the same change; the same news from two is two assertions, of which the later one changes nothing; and each
/// holds from when its leader learned it, so one that lands late takes its place before the later ones.
/// </para>
/// </summary>
/// <param name="changes">Where assertions go: the warehouse, or the topic of a shared log.</param>
/// <param name="sources">What is read.</param>
internal sealed class ReferenceWorker(
    ISymbolChangeLog changes, ReferenceSources sources, ILeaderElection election, TradeIngestMetrics metrics, TimeProvider clock,
    ILoggerFactory loggers, ServiceFailure failure) : Worker(failure)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly SymbolChangesTopic? _topic = changes as SymbolChangesTopic;

    public LeadershipState State => election.State;

    /// <summary>Whether other processes may lead in place of this one.</summary>
    public bool IsElected => election is not SoleLeader;

    public override string Name => "reference";

    public override IReadOnlyList<Probe> Probes => _topic is null
        ? []
        : [new("reference", static () => false, () => metrics.Reference.Polls.Value, () => State.ToString().ToLowerInvariant())];

    protected override async Task WorkAsync(CancellationToken stoppingToken)
    {
        await sources.Selection.ReadAsync(stoppingToken);
        NoteStarted();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        List<Task> parts = [election.RunAsync(LeadAsync, ending.Token, Abandoning), sources.Selection.RunAsync(ending.Token)];
        if (_topic is not null) parts.Add(Task.Run(
            () => Loop.RunAsync(token => PollAsync(_topic, token), clock, ending.Token), CancellationToken.None));

        // When one part fails the other ends too, so that the failure is known at once.
        await Task.WhenAny(parts);
        await ending.CancelAsync();
        await Task.WhenAll(parts);
    }

    /// <summary>One term: brings everything up to date, and keeps it so.</summary>
    private async Task LeadAsync(LeadershipTerm term)
    {
        var log = _topic is null ? changes : new TermChangeLog(_topic, term);
        var sync = new ReferenceSync(log, clock);
        var file = new ReferenceFileWatch(sources.File, sources.Interval, sync, clock, loggers.CreateLogger<ReferenceFileWatch>());
        var polling = new ExchangeInfoPolling(
            sources.Exchange, sources.Selection, sources.ExchangeInfo, sync, clock, loggers.CreateLogger<ExchangeInfoPolling>());

        // First the file: once the exchange's description of a symbol is there, both are.
        await file.TryApplyIfChangedAsync(term.Ending);
        List<Task> reading = [polling.RunAsync(term.Ending), file.RunAsync(term.Ending)];
        if (sources.ChangeEvents is { } path)
        {
            reading.Add(new ChangeDataCapture.ChangeEventFile(path, log, clock, loggers.CreateLogger<ChangeDataCapture.ChangeEventFile>())
                .RunAsync(sources.Interval, term.Ending));
        }

        using var events = sources.OpenEvents?.Invoke(log);
        if (events is not null) reading.Add(events.RunAsync(term.Ending));
        await Task.WhenAny(reading);
        term.End();
        await Task.WhenAll(reading);
    }

    /// <summary>Keeps in touch with the topic, so that a broker that is gone shows, also on standby.</summary>
    private async Task<TimeSpan> PollAsync(SymbolChangesTopic topic, CancellationToken cancellationToken)
    {
        try
        {
            await topic.RevisionAsync(cancellationToken);
            metrics.Reference.Polls.Increment();
        }
        catch (StorageException failed) when (failed.IsTransient)
        {
            // Librdkafka has logged it; that nothing is counted is what the probe shows.
        }

        return PollInterval;
    }
}

/// <summary>What is known of symbols, and from where.</summary>
/// <param name="Exchange">Lists them.</param>
/// <param name="Selection">The symbols captured.</param>
/// <param name="File">The reference file; it need not exist.</param>
/// <param name="ChangeEvents">A file of change events of a database; null for none.</param>
/// <param name="Interval">How often the files are read.</param>
/// <param name="ExchangeInfo">How the exchange's list is read.</param>
/// <param name="OpenEvents">Opens change events of a database in a topic; null for none.</param>
internal sealed record ReferenceSources(
    IExchange Exchange, SymbolSelection Selection, string File, string? ChangeEvents, TimeSpan Interval, ExchangeInfoOptions ExchangeInfo,
    Func<ISymbolChangeLog, ChangeDataCapture.ChangeEventTopic?>? OpenEvents);
