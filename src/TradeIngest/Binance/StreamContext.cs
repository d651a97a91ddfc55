using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>What all connections of one trade stream share.</summary>
/// <param name="Events">Hears one event at a time, from whichever connection.</param>
internal sealed record StreamContext(
    SymbolTable Symbols, BinanceTradeStreamOptions Options, IObserver<StreamEvent> Events, StreamMetrics Metrics, TimeProvider Clock,
    ILogger Logger);
