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
    private readonly ExchangeClock _clock;
    private readonly BinanceExchangeOptions _options;
    private readonly SymbolTable _table;
    private readonly Random _random;
    private readonly StreamMetrics _metrics;
    private readonly ILoggerFactory _loggers;

    /// <param name="options">Where it is.</param>
    /// <param name="table">Of the trades captured.</param>
    /// <param name="clock">This machine's.</param>
    /// <param name="random">Jitter of delays.</param>
    /// <param name="metrics">Where all its streams count.</param>
    /// <param name="loggers">For streams and clock.</param>
    public BinanceExchange(
        BinanceExchangeOptions options, SymbolTable table, TimeProvider clock, Random random, StreamMetrics metrics, ILoggerFactory loggers)
    {
        _options = options;
        _table = table;
        _random = random;
        _metrics = metrics;
        _loggers = loggers;
        _http = new HttpClient { BaseAddress = options.Rest, Timeout = TimeSpan.FromSeconds(10) };
        _clock = new ExchangeClock(clock, options.Clock, loggers.CreateLogger<ExchangeClock>());
        _rest = new BinanceRestClient(_http, new WeightBudget(clock), _clock);
    }

    public TimeProvider Clock => _clock;

    public ITradeHistory History => _rest;

    public Task ConnectAsync(CancellationToken cancellationToken) => _clock.CompareAsync(_rest, cancellationToken);

    public Task<IReadOnlyList<ExchangeSymbol>> GetSymbolsAsync(CancellationToken cancellationToken) =>
        _rest.GetExchangeInfoAsync(cancellationToken);

    public ITradeStream OpenStream(IReadOnlyList<Symbol> symbols, Func<IWebSocketConnection, IWebSocketConnection> decorate) =>
        new BinanceTradeStream(
        symbols, _table, _options.Stream, () =>
            decorate(_options.Connect()), _random, _clock, _metrics, _loggers.CreateLogger<BinanceTradeStream>());

    public Task RunAsync(CancellationToken cancellationToken) => _clock.RunAsync(_rest, cancellationToken);

    public void RequestClockComparison() => _clock.RequestComparison();

    public void Dispose() => _http.Dispose();
}

/// <param name="Rest">Base of the REST calls, with a slash at its end.</param>
/// <param name="Stream">How streams connect.</param>
/// <param name="Clock">How its clock is compared.</param>
/// <param name="Connect">Makes an unconnected socket.</param>
internal sealed record BinanceExchangeOptions(
    Uri Rest, BinanceTradeStreamOptions Stream, ExchangeClockOptions Clock, Func<IWebSocketConnection> Connect);
