using System.Reactive.Linq;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// Everything between a source of events and the warehouse: continuity, quality, the channel, the log writer, the sinks. Live
/// capture and replay differ only in what they connect to it.
/// </summary>
internal sealed class TradePipeline : IAsyncDisposable
{
    private readonly Stores _stores;
    private readonly LogOptions _logOptions;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stoppingSinks = new();
    private readonly CancellationTokenSource _abandoning = new();
    private readonly TradeSink _trades;
    private readonly TradeSink _deadLetters;
    private readonly Task _writing;
    private readonly Task[] _sinking;
    private readonly Action<StreamEvent> _onEvent;
    private IDisposable? _source;

    private TradePipeline(
        Stores stores, LogOptions logOptions, TradeChannelOptions channel, Action<StreamEvent> onEvent, TradeSink trades, TradeSink deadLetters,
        SinkMetrics metrics, ContinuityTracker tracker, TimeProvider clock, ILoggerFactory loggers)
    {
        _stores = stores;
        _logOptions = logOptions;
        _clock = clock;
        _trades = trades;
        _deadLetters = deadLetters;
        _logger = loggers.CreateLogger<TradePipeline>();
        Sink = metrics;
        Tracker = tracker;
        _onEvent = onEvent;
        Channel = new TradeChannel(channel, Tracker, onEvent, clock, loggers.CreateLogger<TradeChannel>());
        Writer = new LogWriter(Channel, stores.Log, clock, loggers.CreateLogger<LogWriter>());

        // Both sides are synchronous at heart (SQLite): each gets a thread of the pool to itself.
        _writing = Task.Run(() => Writer.RunAsync(_abandoning.Token));
        _sinking =
        [
            Task.Run(() => _trades.RunAsync(_stoppingSinks.Token)),
            Task.Run(() => _deadLetters.RunAsync(_stoppingSinks.Token)),
            Task.Run(() => TrimAsync(_stoppingSinks.Token)),
        ];
        Failure = FirstFailureAsync([_writing, .. _sinking]);
    }

    public ContinuityTracker Tracker { get; }

    public QualityCounters Quality { get; } = new();

    public TradeChannel Channel { get; }

    public LogWriter Writer { get; }

    public SinkMetrics Sink { get; }

    /// <summary>Completes with the exception as soon as one of the stages fails; never while all is well.</summary>
    public Task<Exception> Failure { get; }

    /// <summary>Loads what an earlier run left in the log, so that stored coverage is complete, then starts all stages.</summary>
    /// <param name="onEvent">Called with every event that passed quality, and with the gaps that shedding makes. Must not wait.</param>
    public static async Task<TradePipeline> StartAsync(
        Stores stores, LogOptions logOptions, TradeChannelOptions channel, Action<StreamEvent> onEvent, TimeProvider clock,
        ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var metrics = new SinkMetrics();
        var trades = await OpenSinkAsync(stores, Topics.StockTrades, metrics, clock, cancellationToken, loggers);
        var deadLetters = await OpenSinkAsync(stores, Topics.DeadLetters, metrics, clock, cancellationToken, loggers);
        await Task.WhenAll(trades.DrainAsync(cancellationToken), deadLetters.DrainAsync(cancellationToken));

        var tracker = new ContinuityTracker();
        foreach (var symbol in await stores.Warehouse.CoverageAsync(cancellationToken))
        {
            if (symbol.Captured.IsEmpty) continue;
            tracker.Seed(stores.Symbols.Intern(symbol.Key.Ticker), symbol.Captured.Settled(), symbol.Captured.Lowest);
        }

        return new TradePipeline(stores, logOptions, channel, onEvent, trades, deadLetters, metrics, tracker, clock, loggers);
    }

    /// <summary>Loads what an earlier run left in the log, and nothing else.</summary>
    public static async Task CatchUpAsync(Stores stores, TimeProvider clock, CancellationToken cancellationToken)
    {
        foreach (var topic in new[] { Topics.StockTrades, Topics.DeadLetters })
        {
            await using var sink = await OpenSinkAsync(stores, topic, new SinkMetrics(), clock, cancellationToken);
            await sink.DrainAsync(cancellationToken);
        }
    }

    /// <summary>Connects a source; its events pass continuity and quality on their way into the channel.</summary>
    public void Connect(IObservable<StreamEvent> source) => _source = source
        .TrackContinuity(Tracker)
        .CheckQuality(Tracker, Quality)
        .Do(_onEvent)
        .Subscribe(Channel);

    /// <summary>
    /// The drain, in its one order, once the source has stopped: complete the channel, flush the log, load what is in it.
    /// </summary>
    /// <returns>False when the time ran out, or the token was canceled; what was not in the log then counts as missing at the next start.</returns>
    public async Task<bool> DrainAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using var deadline = new CancellationTokenSource(timeout, _clock);
        await using var giveUp = cancellationToken.Register(deadline.Cancel);
        await using var abandon = deadline.Token.Register(() => _abandoning.Cancel());
        Channel.OnCompleted();
        try
        {
            await _writing;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return false;
        }

        await _stoppingSinks.CancelAsync();
        await Task.WhenAll(_sinking);
        await _trades.DrainAsync(deadline.Token);
        await _deadLetters.DrainAsync(deadline.Token);
        return !deadline.IsCancellationRequested;
    }

    public async ValueTask DisposeAsync()
    {
        _source?.Dispose();
        Channel.OnCompleted();
        await _abandoning.CancelAsync();
        await _stoppingSinks.CancelAsync();

        // A failure was told through Failure; here it only matters that nothing runs any more.
        await Task.WhenAll([_writing, .. _sinking]).ContinueWith(static _ => { }, TaskScheduler.Default);
        await _trades.DisposeAsync();
        await _deadLetters.DisposeAsync();
        _abandoning.Dispose();
        _stoppingSinks.Dispose();
    }

    private static Task<TradeSink> OpenSinkAsync(
        Stores stores, string topic, SinkMetrics metrics, TimeProvider clock, CancellationToken cancellationToken, ILoggerFactory? loggers = null) =>
        TradeSink.OpenAsync(stores.Log, topic, stores.Warehouse, stores.Symbols, metrics, clock, cancellationToken, loggers?.CreateLogger<TradeSink>());

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TrimInterval, _clock, cancellationToken);
                await TrimOnceAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    // Asking Snowflake where it stands makes a checkpoint, which is not worth more often than the operator wants one.
    private TimeSpan TrimInterval => _stores.CheckpointInterval > _logOptions.TrimInterval ? _stores.CheckpointInterval : _logOptions.TrimInterval;

    private async Task TrimOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (position, next) in await _stores.Warehouse.PositionsAsync(cancellationToken))
            {
                if (!position.Epoch.StartsWith(_stores.Log.Epoch, StringComparison.Ordinal)) continue;
                await _stores.Log.TrimAsync(position.Topic, position.Partition, next, _logOptions.Trim, cancellationToken);
            }
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            _logger.LogWarning("The log is not trimmed until the warehouse says where it stands: {Message}", failure.Message);
        }
    }

    private static async Task<Exception> FirstFailureAsync(List<Task> stages)
    {
        while (stages.Count > 0)
        {
            var ended = await Task.WhenAny(stages);
            if (ended.Exception is { } failure) return failure.InnerException!;
            stages.Remove(ended);
        }

        // All ended well: nothing will fail any more, and nothing is to be told.
        return await new TaskCompletionSource<Exception>().Task;
    }
}
