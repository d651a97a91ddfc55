using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Tests.Reference;

/// <summary>An exchange that does nothing but list symbols.</summary>
internal sealed class ListingExchange : IExchange
{
    public IReadOnlyList<string> Tickers { get; set; } = [];

    /// <summary>Those that are listed and do not trade.</summary>
    public IReadOnlyList<string> Halted { get; set; } = [];

    /// <summary>Thrown in place of a list.</summary>
    public ExchangeException? Failure { get; set; }

    public IReadOnlyDictionary<string, string> Unreadable { get; set; } = new Dictionary<string, string>();

    public TimeProvider Clock => TimeProvider.System;

    public ITradeHistory History => throw new NotSupportedException();

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<ExchangeListing> GetSymbolsAsync(CancellationToken cancellationToken) => Failure is { } failure
        ? Task.FromException<ExchangeListing>(failure)
        : Task.FromResult(List());

    public ITradeStream OpenStream(IReadOnlyList<Symbol> symbols, Func<IWebSocketConnection, IWebSocketConnection> decorate) =>
        throw new NotSupportedException();

    public Task RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public void RequestClockComparison() => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private ExchangeListing List() => new(
        [.. Tickers.Select(ticker => new ExchangeSymbol(
            ticker, Halted.Contains(ticker, StringComparer.Ordinal) ? "HALT" : "TRADING", ticker, "USDT", null, null,
            IsSpotTradingAllowed: true))],
        Unreadable);
}
