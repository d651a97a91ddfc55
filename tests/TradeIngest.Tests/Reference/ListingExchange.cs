using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Tests.Reference;

/// <summary>An exchange that does nothing but list symbols.</summary>
internal sealed class ListingExchange : IExchange
{
    public IReadOnlyList<string> Tickers { get; set; } = [];

    public IReadOnlyDictionary<string, string> Unreadable { get; set; } = new Dictionary<string, string>();

    public TimeProvider Clock => TimeProvider.System;

    public ITradeHistory History => throw new NotSupportedException();

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<ExchangeListing> GetSymbolsAsync(CancellationToken cancellationToken) => Task.FromResult(new ExchangeListing(
        [.. Tickers.Select(ticker => new ExchangeSymbol(ticker, "TRADING", ticker, "USDT", null, null, IsSpotTradingAllowed: true))],
        Unreadable));

    public ITradeStream OpenStream(IReadOnlyList<Symbol> symbols, Func<IWebSocketConnection, IWebSocketConnection> decorate) =>
        throw new NotSupportedException();

    public Task RunAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public void RequestClockComparison() => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
