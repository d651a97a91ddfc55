using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Streams;

/// <summary>What the service needs of an exchange. All of it is safe for concurrent callers.</summary>
internal interface IExchange : IDisposable
{
    /// <summary>The time by which what the exchange sends is stamped and judged.</summary>
    TimeProvider Clock { get; }

    /// <summary>Where missing trades are fetched.</summary>
    ITradeHistory History { get; }

    /// <summary>Checks that the exchange answers, and what its clock says. May be called again.</summary>
    /// <exception cref="ExchangeException">It could not be asked or refused.</exception>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>All symbols it lists. Waits where the exchange answers nobody for now.</summary>
    /// <exception cref="ExchangeException">It could not be asked or refused.</exception>
    Task<ExchangeListing> GetSymbolsAsync(CancellationToken cancellationToken);

    /// <summary>The trades of the symbols as they happen; connects on subscription.</summary>
    /// <param name="symbols">What to capture at first.</param>
    /// <param name="decorate">Wraps each connection made, for backpressure.</param>
    ITradeStream OpenStream(IReadOnlyList<Symbol> symbols, Func<IWebSocketConnection, IWebSocketConnection> decorate);

    /// <summary>Keeps its clock compared until canceled.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Has its clock compared soon: a trade looked as if one of the two were wrong. Never waits.</summary>
    void RequestClockComparison();
}

/// <summary>
/// Trades as they happen, with the stream's own events in the same order. Losses are healed inside and are events, not errors. It completes
/// after <see cref="StopAsync"/>.
/// </summary>
internal interface ITradeStream : IObservable<StreamEvent>, IAsyncDisposable
{
    /// <summary>Completes with the exception when the stream fails or a subscriber throws; never while all is well.</summary>
    Task<Exception> Failure { get; }

    /// <summary>
    /// Changes what is captured, on the living connections. Returns at once; a removed symbol may be among the trades a little longer.
    /// </summary>
    void Capture(IReadOnlyList<Symbol> wanted);

    /// <summary>Closes the connections, hands over what they had received, completes the observers.</summary>
    Task StopAsync();
}
