using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.TradeIngest.Streams;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>
/// Publishes what the exchange, the reference file and a database's change events say of symbols. One process of a deployment does at
/// a time, whichever holds the seat; the others stand by with nothing but their place in the group.
/// <para>
/// The seat is not fenced: what a holder that was thought dead had under way may land after its successor has begun. It does no
/// lasting harm. The same statement is the same change; the same news told by two is two statements, of which the later one changes
/// nothing; and each holds from when its holder learned it, so one that lands late takes its place before the later ones.
/// </para>
/// </summary>
internal sealed class ReferenceRole : IRole
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly KafkaTradeLog _log;
    private readonly DataFolder _folder;
    private readonly ServiceOptions _options;
    private readonly BinanceRestClient _rest;
    private readonly IReadOnlyList<string> _tickers;
    private readonly SymbolChangesTopic _changes;
    private readonly KafkaSeat _seat;
    private readonly TimeProvider _clock;
    private readonly ILoggerFactory _loggers;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private long _looks;

    private ReferenceRole(
        KafkaTradeLog log, DataFolder folder, ServiceOptions options, BinanceRestClient rest, IReadOnlyList<string> tickers, TimeProvider clock,
        ILoggerFactory loggers)
    {
        _log = log;
        _folder = folder;
        _options = options;
        _rest = rest;
        _tickers = tickers;
        _clock = clock;
        _loggers = loggers;
        _changes = new SymbolChangesTopic(log);
        _seat = new KafkaSeat(log, Topics.SymbolChanges, $"{log.Options.Group}-reference", clock, loggers.CreateLogger<ReferenceRole>());
        Running = RunAsync();
    }

    public Task Running { get; }

    public SeatState State => _seat.State;

    public IReadOnlyList<HealthPart> Parts =>
        [new("reference", static () => false, () => Volatile.Read(ref _looks), () => State.ToString().ToLowerInvariant())];

    /// <summary>Joins those who may have the seat; what it publishes follows when it is given.</summary>
    public static ReferenceRole Start(
        KafkaTradeLog log, DataFolder folder, ServiceOptions options, BinanceRestClient rest, IReadOnlyList<ExchangeSymbol> chosen, TimeProvider clock,
        ILoggerFactory loggers) =>
        new(log, folder, options, rest, [.. chosen.Select(symbol => symbol.Ticker)], clock, loggers);

    /// <summary>Ends what is under way and leaves, so that another takes over at once.</summary>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout, _clock);
        await using var abandon = deadline.Token.Register(() => _abandoning.Cancel());
        await _stopping.CancelAsync();
        await Running;
        return !deadline.IsCancellationRequested;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _abandoning.CancelAsync();

        // A failure was told through Running.
        await Running.ContinueWith(static _ => { }, TaskScheduler.Default);
        _seat.Dispose();
        await _changes.DisposeAsync();
        _abandoning.Dispose();
        _stopping.Dispose();
    }

    /// <summary>When one part fails the other ends too, so that the failure is told at once.</summary>
    private async Task RunAsync()
    {
        Task[] parts = [_seat.RunAsync(HoldAsync, _stopping.Token, _abandoning.Token), Task.Run(() => LookAsync(_stopping.Token))];
        await Task.WhenAny(parts);
        await _stopping.CancelAsync();
        await Task.WhenAll(parts);
    }

    /// <summary>One term of office: brings the topic up to date, as nobody may have for a while, and keeps it so.</summary>
    private async Task HoldAsync(SeatTerm term)
    {
        await using var changes = new SeatedChangeLog(_changes, term);
        var sync = new ReferenceSync(changes, _clock);
        var file = new ReferenceFileWatch(
            _options.Reference.File ?? _folder.ReferenceFile, _options.Reference.Interval, sync, _clock, _loggers.CreateLogger<ReferenceFileWatch>());
        var polling = new ExchangeInfoPolling(_rest, _tickers, _options.Exchange.InfoInterval, sync, _clock, _loggers.CreateLogger<ExchangeInfoPolling>());
        var eventFile = _options.Reference.ChangeEvents is { } path
            ? new ChangeEventFile(path, changes, _clock, _loggers.CreateLogger<ChangeEventFile>())
            : null;
        using var events = _options.Reference.ChangeEventsTopic is { } topic
            ? new ChangeEventTopic(_log, topic, changes, _clock, _loggers.CreateLogger<ChangeEventTopic>())
            : null;
        List<Task> sources = [polling.RunAsync(TimeSpan.Zero, term.Ending), file.RunAsync(term.Ending)];
        if (eventFile is not null) sources.Add(eventFile.RunAsync(_options.Reference.Interval, term.Ending));
        if (events is not null) sources.Add(events.RunAsync(term.Ending));
        await Task.WhenAny(sources);
        term.End();
        await Task.WhenAll(sources);
    }

    /// <summary>Keeps in touch with the topic, so that a broker that is gone shows, also on standby.</summary>
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await _changes.LookAsync(cancellationToken);
                    Interlocked.Increment(ref _looks);
                }
                catch (StorageException failure) when (failure.IsTransient)
                {
                    // Librdkafka has logged it; that nothing is counted is what health tells.
                }

                await Task.Delay(Look, _clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }
}
