using System.Reactive.Linq;
using System.Runtime.ExceptionServices;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>
/// From the exchange to the log. It knows no warehouse: where its symbols stand it writes beside the log and reads from there, so that
/// what the exchange traded while nobody listened is a gap, and is fetched, as is every gap that was open before.
/// </summary>
internal sealed class IngestRole : IRole
{
    private readonly ContinuityTracker _tracker;
    private readonly GapBackfill _backfill;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoning = new();
    private readonly IDisposable _connection;
    private readonly Task _writing;
    private readonly Task _backfilling;
    private readonly Task _checkpointing;
    private readonly Task _comparing;
    private readonly TimeProvider _clock;
    private readonly Func<bool> _isLogIdle;

    private IngestRole(
        BinanceTradeStream stream, ContinuityTracker tracker, TradeChannel channel, LogWriter writer, GapBackfill backfill, QualityCounters quality,
        ExchangeClock exchangeClock, BinanceRestClient rest, Func<bool> isLogIdle, TimeSpan stateInterval, TimeProvider clock)
    {
        _isLogIdle = isLogIdle;
        Stream = stream;
        Channel = channel;
        Writer = writer;
        _tracker = tracker;
        _backfill = backfill;
        _clock = clock;
        _writing = Task.Run(() => writer.RunAsync(_abandoning.Token));
        _connection = stream.Merge(backfill.Events)
            .TrackContinuity(tracker)
            .CheckQuality(tracker, quality)
            .Do(value =>
            {
                backfill.Observe(value);
                if (value is QualityIssue { Reason: ErrorReason.TimeOutOfRange }) exchangeClock.RequestComparison();
            })
            .Subscribe(channel);
        backfill.EnqueueOpenGaps();
        _backfilling = Task.Run(() => backfill.RunAsync(_stopping.Token));
        _checkpointing = Task.Run(() => CheckpointAsync(stateInterval));
        _comparing = Task.Run(() => exchangeClock.RunAsync(rest, _stopping.Token));
        Running = RunAsync();
    }

    public BinanceTradeStream Stream { get; }

    public TradeChannel Channel { get; }

    public LogWriter Writer { get; }

    public GapBackfill Backfill => _backfill;

    public long Gaps => _tracker.Gaps;

    public long Duplicates => _tracker.Duplicates;

    public Task Running { get; }

    public IReadOnlyList<HealthPart> Parts =>
    [
        new("ingest", () => Stream.Metrics.OpenConnections > 0 && Channel.Depth == 0 && _isLogIdle(), () => Writer.Records),
    ];

    /// <summary>Waits until the reference role has described the symbols, then captures them.</summary>
    public static async Task<IngestRole> StartAsync(
        KafkaTradeLog log, ServiceOptions options, BinanceRestClient rest, ExchangeClock exchangeClock, IReadOnlyList<ExchangeSymbol> chosen,
        TimeProvider clock, Random random, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var logger = loggers.CreateLogger<IngestRole>();
        await using (var changes = new SymbolChangesTopic(log))
        {
            await changes.WaitForAsync(
                [.. chosen.Select(symbol => symbol.Ticker)],
                awaited => logger.LogInformation(
                    "Waiting for the active reference role, which must be given them, to describe {Count} symbols, such as {Symbol}.",
                    awaited.Count, awaited[0]),
                clock,
                cancellationToken);
        }

        var table = new SymbolTable();
        var symbols = chosen.Select(symbol => table.Intern(symbol.Ticker)).ToList();
        var tracker = new ContinuityTracker();
        var ledger = new CaptureLedger(tracker);
        var resumed = await new LogTail(log, log.Options.TailRecords, clock, loggers.CreateLogger<LogTail>()).SeedAsync(tracker, ledger, symbols, cancellationToken);
        logger.LogInformation("{Resumed} of {Count} symbols go on where the log ends; the others start with their next trade.", resumed, symbols.Count);
        foreach (var (symbol, missing) in tracker.OpenGaps())
        {
            logger.LogInformation("{Symbol} has {Gaps} open gaps with {Count} trades from before.", symbol, missing.Count, missing.Sum(range => range.Count));
        }

        GapBackfill? backfill = null;
        var channel = new TradeChannel(
            options.Exchange.Channel, tracker, gap => backfill?.Enqueue(gap), clock, loggers.CreateLogger<TradeChannel>());
        backfill = new GapBackfill(rest, tracker, channel.WaitForRoomAsync, new GapBackfillOptions(), clock, loggers.CreateLogger<GapBackfill>());
        var streamOptions = options.Exchange.Stream;
        var stream = new BinanceTradeStream(
            symbols, table, streamOptions, () => options.Exchange.Connect(channel), random, exchangeClock,
            loggers.CreateLogger<BinanceTradeStream>());
        return new IngestRole(
            stream, tracker, channel, new LogWriter(channel, log, clock, loggers.CreateLogger<LogWriter>(), ledger), backfill, new QualityCounters(),
            exchangeClock, rest, () => log.BytesInFlight == 0, log.Options.StateInterval, clock);
    }

    /// <summary>The drain, in its one order: stop receiving, stop fetching, complete the channel, flush the log.</summary>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        using var deadline = new CancellationTokenSource(timeout, _clock);
        await using var abandon = deadline.Token.Register(() => _abandoning.Cancel());
        await Stream.StopAsync();
        await _stopping.CancelAsync();
        await _backfilling;
        await _checkpointing;
        await _comparing;
        Channel.OnCompleted();
        try
        {
            await _writing;
            return true;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Fails as soon as one part does: the other would go on for a log that nothing reaches any more.</summary>
    private async Task RunAsync()
    {
        var ended = await Task.WhenAny(_writing, _backfilling, _comparing, Stream.Failure);
        if (ended == Stream.Failure) ExceptionDispatchInfo.Throw(await Stream.Failure);
        await ended;
        await Task.WhenAll(_writing, _backfilling);
    }

    private async Task CheckpointAsync(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token)) Writer.RequestCheckpoint();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        _connection.Dispose();
        await _stopping.CancelAsync();
        await _checkpointing;
        await _comparing;
        Channel.OnCompleted();
        await _abandoning.CancelAsync();

        // Failures were told through Running.
        await Task.WhenAll(_writing, _backfilling).ContinueWith(static _ => { }, TaskScheduler.Default);
        _backfill.Dispose();
        _abandoning.Dispose();
        _stopping.Dispose();
    }
}
