using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>What all connections of one trade stream share.</summary>
/// <param name="Symbols">Those whose trades are expected.</param>
/// <param name="Events">Hears one event at a time, from any connection.</param>
/// <param name="Ban">No connection is tried while it lasts.</param>
internal sealed record StreamContext(
    ExpectedSymbols Symbols, BinanceTradeStreamOptions Options, IObserver<StreamEvent> Events, StreamMetrics Metrics, ExchangeBan Ban,
    TimeProvider Clock, ILogger Logger)
{
    /// <summary>Called when what a connection has confirmed changed. Never waits.</summary>
    public Action Confirmed { get; init; } = static () => { };
}
