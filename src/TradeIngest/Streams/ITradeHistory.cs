using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Streams;

/// <summary>Where missing trades can be fetched by id, and ids be found by time.</summary>
internal interface ITradeHistory
{
    /// <summary>Most trades of one answer.</summary>
    int MaxTrades { get; }

    /// <summary>
    /// Trades from an id on, ascending. The first may have a larger id than asked for: the history does not have the ones between.
    /// Waits as long as the exchange's limits demand.
    /// </summary>
    /// <returns>The caller's to dispose; empty when the history has no such id or any above it.</returns>
    /// <exception cref="Streams.ExchangeException">The exchange could not be asked or refused.</exception>
    Task<TradeBatch> ReadTradesAsync(Symbol symbol, long fromId, int limit, CancellationToken cancellationToken);

    /// <summary>The id of the first trade at or after a time, or, where there is none yet, the id behind the newest trade.</summary>
    /// <returns>Null when the symbol has never traded.</returns>
    /// <exception cref="Streams.ExchangeException">The exchange could not be asked or refused.</exception>
    Task<long?> FirstIdAtAsync(Symbol symbol, Timestamp time, CancellationToken cancellationToken);
}
