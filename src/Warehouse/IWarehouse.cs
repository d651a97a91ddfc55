using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse;

/// <summary>
/// What a warehouse does, at the level of meaning. Calls may come from several threads; each is atomic, and after an exception
/// nothing of it counts.
/// <para>
/// A load is accepted, then committed, then durable: accepted when <see cref="LoadAsync"/> returns, which decides about its records and
/// takes them over; committed when its rows can be read (<see cref="CommittedAsync"/>); durable when <see cref="PositionsAsync"/> is past
/// it, and only then may the log forget the records. For a warehouse of one transaction per load the three are one. What is accepted and
/// not durable when a process ends, or when the warehouse fails, is read from the log again and decided in the same way.
/// </para>
/// </summary>
public interface IWarehouse : ISymbolChangeLog
{
    /// <summary>
    /// Records of a batch beyond which a larger one is no cheaper: enough that a load's fixed cost is spread, and no more memory or time
    /// for one load than that takes. Batches hold at most this number, and fewer when fewer are there.
    /// </summary>
    int RecordsPerLoad { get; }

    /// <summary>
    /// Where to go on reading each partition of the log; a partition that is not listed starts at its first record. What was accepted
    /// before the call is durable when it returns.
    /// </summary>
    ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Accepts raw rows, facts, rejections, coverage, gaps and the new position, which become durable together. A trade that is covered
    /// already is counted as a duplicate and not written; a batch the warehouse is past already changes nothing.
    /// </summary>
    /// <exception cref="WarehouseException">
    /// The batch is not contiguous with the accepted position, or the store failed, with this load or one accepted before: ask for the
    /// positions and go on there.
    /// </exception>
    ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Completes when the rows of the loads accepted of a partition, up to an offset, can be read. Waits for nothing if each load commits.
    /// </summary>
    /// <exception cref="WarehouseException">They never will be: the records are read again.</exception>
    ValueTask CommittedAsync(LogPartition partition, long offset, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// What is stored under the ids of these trades, by ticker and id; ids without a committed fact, and unknown symbols, are left out.
    /// </summary>
    ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken);

    /// <summary>Coverage and open gaps of every symbol, in order of ticker, as of the loads accepted.</summary>
    ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken);
}
