using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>Binance spot: streams of trades, REST for what is missing, the list of symbols and the time.</summary>
internal sealed class BinanceExchange : IExchange
{
    private readonly HttpClient _http;
    private readonly BinanceRestClient _rest;
    private readonly ExchangeBan _ban;
    private readonly ExchangeClock _clock;
    private readonly BinanceExchangeOptions _options;
    private readonly Random _random;
    private readonly StreamMetrics _metrics;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    /// <param name="options">Where it is.</param>
    /// <param name="clock">This machine's.</param>
    /// <param name="random">Jitter of delays.</param>
    /// <param name="metrics">Where all its streams count.</param>
    /// <param name="loggers">For streams and clock.</param>
    public BinanceExchange(
        BinanceExchangeOptions options, TimeProvider clock, Random random, StreamMetrics metrics, ILoggerFactory loggers)
    {
        _options = options;
        _random = random;
        _metrics = metrics;
        _loggers = loggers;
        _logger = loggers.CreateLogger<BinanceExchange>();
        _http = BinanceRestClient.CreateHttp(options.Rest);
        _clock = new ExchangeClock(clock, options.Clock, loggers.CreateLogger<ExchangeClock>());
        _ban = new ExchangeBan(clock, options.BanFile, _logger);
        _rest = new BinanceRestClient(_http, new WeightBudget(clock, _ban), _clock);
    }

    public TimeProvider Clock => _clock;

    public ITradeHistory History => _rest;

    public Task ConnectAsync(CancellationToken cancellationToken) => SittingOutBansAsync(async () =>
    {
        await _clock.CompareAsync(_rest, cancellationToken);
        return true;
    });

    public async Task<ExchangeListing> GetSymbolsAsync(CancellationToken cancellationToken)
    {
        var listing = await SittingOutBansAsync(() => _rest.GetExchangeInfoAsync(cancellationToken));
        foreach (var (ticker, reason) in listing.Unreadable)
        {
            if (_unreadable.Add(ticker)) _logger.SymbolUnreadable(ticker, reason);
        }

        return listing;
    }

    public ITradeStream OpenStream(IReadOnlyList<Symbol> symbols, Func<IWebSocketConnection, IWebSocketConnection> decorate) =>
        new BinanceTradeStream(
            symbols, _options.Stream, () => decorate(_options.Connect()), _random, _clock, _metrics,
            _loggers.CreateLogger<BinanceTradeStream>())
        {
            Ban = _ban,
        };

    public Task RunAsync(CancellationToken cancellationToken) => _clock.RunAsync(_rest, cancellationToken);

    public void RequestClockComparison() => _clock.RequestComparison();

    public void Dispose() => _http.Dispose();

    // Ending instead would have a supervisor start the process again, which then asks during the ban.
    private static async Task<T> SittingOutBansAsync<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (ExchangeException refusal) when (refusal.IsBan)
            {
                // The next request waits for its end.
            }
        }
    }
}

/// <param name="Rest">Base of the REST calls, with a slash at its end.</param>
/// <param name="Stream">How streams connect.</param>
/// <param name="Clock">How its clock is compared.</param>
/// <param name="Connect">Makes an unconnected socket.</param>
/// <param name="BanFile">Where a ban is kept for the next start; null to keep none.</param>
internal sealed record BinanceExchangeOptions(
    Uri Rest, BinanceTradeStreamOptions Stream, ExchangeClockOptions Clock, Func<IWebSocketConnection> Connect, string? BanFile);
