using System.Reactive.Linq;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// Live capture, all roles in one process: symbols are registered before they are subscribed, the stream and the backfill feed the
/// pipeline, the reference data is kept current.
/// </summary>
internal sealed class CaptureService : IAsyncDisposable
{
    private readonly ServiceOptions _options;
    private readonly HttpClient _http;
    private readonly TradePipeline _pipeline;
    private readonly GapBackfill _backfill;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _backfilling;
    private readonly Task[] _beside;

    private CaptureService(
        ServiceOptions options, HttpClient http, TradePipeline pipeline, BinanceTradeStream stream, GapBackfill backfill, IReadOnlyList<Symbol> symbols,
        IEnumerable<Func<CancellationToken, Task>> beside)
    {
        _options = options;
        _http = http;
        _pipeline = pipeline;
        _backfill = backfill;
        Stream = stream;
        Symbols = symbols;
        pipeline.Connect(stream.Merge(backfill.Events));
        backfill.EnqueueOpenGaps();
        _backfilling = Task.Run(() => backfill.RunAsync(_stopping.Token));
        _beside = [.. beside.Select(run => Task.Run(() => run(_stopping.Token)))];
        Failure = FirstFailureAsync();
    }

    public BinanceTradeStream Stream { get; }

    public TradePipeline Pipeline => _pipeline;

    public GapBackfill Backfill => _backfill;

    public IReadOnlyList<Symbol> Symbols { get; }

    /// <summary>What must get on: trades received go to the log, trades in the log to the warehouse.</summary>
    public IReadOnlyList<HealthPart> Parts
    {
        get
        {
            var (writer, sink) = (_pipeline.Writer, _pipeline.Sink);
            var before = sink.Stored + sink.Duplicates + sink.Rejected - writer.Records;
            return
            [
                new("ingest", () => Stream.Metrics.OpenConnections > 0 && _pipeline.Channel.Depth == 0, () => writer.Records),
                new("sink", () => sink.Stored + sink.Duplicates + sink.Rejected - before >= writer.Records, () => sink.Batches),
            ];
        }
    }

    /// <summary>Completes with the exception as soon as a stage fails; never while all is well.</summary>
    public Task<Exception> Failure { get; }

    /// <summary>Checks the symbols with the exchange, registers them, loads what is in the log, and starts capturing.</summary>
    /// <exception cref="ConfigurationException">The exchange does not list a symbol.</exception>
    /// <exception cref="ExchangeException">The exchange cannot be reached.</exception>
    public static async Task<CaptureService> StartAsync(
        Stores stores, DataFolder folder, ServiceOptions options, TimeProvider clock, Random random, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var http = new HttpClient { BaseAddress = BaseOf(options.Exchange.Rest), Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            var exchangeClock = new ExchangeClock(clock, options.Exchange.Clock, loggers.CreateLogger<ExchangeClock>());
            var rest = new BinanceRestClient(http, new WeightBudget(clock), exchangeClock);
            await exchangeClock.CompareAsync(rest, cancellationToken);
            var listed = await rest.GetExchangeInfoAsync(cancellationToken);
            var chosen = Choose(options.Exchange, listed);
            var sync = new ReferenceSync(stores.Warehouse, clock);
            var polling = new ExchangeInfoPolling(
                rest, [.. chosen.Select(symbol => symbol.Ticker)], options.Exchange.InfoInterval, sync, clock, loggers.CreateLogger<ExchangeInfoPolling>());
            var keys = listed.Select(symbol => new NaturalKey(Exchange.Binance, symbol.Ticker)).ToHashSet();
            await sync.SyncAsync(ChangeSource.ExchangeInfo, [.. chosen.Select(ExchangeInfoStatements.From)], cancellationToken, keys);
            var file = new ReferenceFileWatch(
                options.Reference.File ?? folder.ReferenceFile, options.Reference.Interval, sync, clock, loggers.CreateLogger<ReferenceFileWatch>());
            await file.ApplyIfChangedAsync(cancellationToken);

            var events = options.Reference.ChangeEvents is { } path
                ? new ChangeEventFile(path, stores.Warehouse, clock, loggers.CreateLogger<ChangeEventFile>())
                : null;

            GapBackfill? backfill = null;
            var pipeline = await TradePipeline.StartAsync(
                stores, options.Log, options.Exchange.Channel, Observe, clock, loggers, cancellationToken);
            backfill = new GapBackfill(
                rest, pipeline.Tracker, pipeline.Channel.WaitForRoomAsync, new GapBackfillOptions(), clock, loggers.CreateLogger<GapBackfill>());
            var symbols = chosen.Select(symbol => stores.Symbols.Intern(symbol.Ticker)).ToList();
            var streamOptions = options.Exchange.Stream;
            var stream = new BinanceTradeStream(
                symbols, stores.Symbols, streamOptions, () => options.Exchange.Connect(pipeline.Channel), random, exchangeClock,
                loggers.CreateLogger<BinanceTradeStream>());
            return new CaptureService(
                options, http, pipeline, stream, backfill, symbols,
                [
                    token => file.RunAsync(token),
                    token => polling.RunAsync(token),
                    token => events?.RunAsync(options.Reference.Interval, token) ?? Task.CompletedTask,
                    token => exchangeClock.RunAsync(rest, token),
                ]);

            void Observe(StreamEvent value)
            {
                backfill?.Observe(value);
                if (value is QualityIssue { Reason: ErrorReason.TimeOutOfRange }) exchangeClock.RequestComparison();
            }
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>The drain, in its one order: stop receiving, stop fetching, then the pipeline's own.</summary>
    /// <returns>False when the time ran out.</returns>
    public async Task<bool> StopAsync()
    {
        await Stream.StopAsync();
        await _stopping.CancelAsync();

        // Whatever became of them (a failure was told through Failure), what was received is drained.
        await Task.WhenAll([_backfilling, .. _beside]).ContinueWith(static _ => { }, TaskScheduler.Default);
        return await _pipeline.DrainAsync(_options.DrainTimeout);
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        await _stopping.CancelAsync();

        // Their failures were told through Failure.
        await Task.WhenAll([_backfilling, .. _beside]).ContinueWith(static _ => { }, TaskScheduler.Default);
        await _pipeline.DisposeAsync();
        _backfill.Dispose();
        _http.Dispose();
        _stopping.Dispose();
    }

    internal static List<ExchangeSymbol> Choose(ExchangeOptions options, IReadOnlyList<ExchangeSymbol> listed)
    {
        if (options.Tickers is ["ALL"]) return [.. listed.Where(symbol => symbol.Status == "TRADING" && symbol.IsSpotTradingAllowed)];
        var byTicker = listed.ToDictionary(symbol => symbol.Ticker, StringComparer.Ordinal);
        var unknown = options.Tickers.Where(ticker => !byTicker.ContainsKey(ticker)).ToList();
        return unknown.Count == 0
            ? [.. options.Tickers.Select(ticker => byTicker[ticker])]
            : throw ConfigurationException.Of(unknown.Select(ticker =>
                $"{Secrets.Shown(new Uri(options.Rest))} lists no symbol '{ticker}'{Suggestion(ticker, byTicker.Keys)}. Tickers are written without separators, such as BTCUSDT."));
    }

    private static string Suggestion(string ticker, IEnumerable<string> known)
    {
        var plain = new string([.. ticker.Where(char.IsLetterOrDigit)]);
        var near = known.Where(candidate => candidate == plain || candidate == plain + "T" || candidate.StartsWith(plain, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(3).ToList();
        return near.Count == 0 ? "" : $"; did you mean {string.Join(" or ", near)}?";
    }

    internal static Uri BaseOf(string rest) => new(rest.EndsWith('/') ? rest : rest + "/");

    private async Task<Exception> FirstFailureAsync()
    {
        List<Task> stages = [_pipeline.Failure, Stream.Failure, _backfilling, .. _beside];
        while (true)
        {
            var ended = await Task.WhenAny(stages);
            if (ended is Task<Exception> failed) return await failed;
            if (ended.Exception is { } failure) return failure.InnerException!;
            stages.Remove(ended);
        }
    }
}
