using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse;

/// <summary>
/// What a warehouse does, at the level of meaning. Calls may come from several threads; each is atomic, and after an exception
/// nothing of it was written.
/// </summary>
public interface IWarehouse : IAsyncDisposable
{
    /// <summary>Where to go on reading each partition of the log; a partition that is not listed starts at its first record.</summary>
    ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes raw rows, facts, rejections, coverage, gaps and the new position together. A trade that is covered already is counted
    /// as a duplicate and not written; a batch the warehouse is past already changes nothing.
    /// </summary>
    /// <exception cref="WarehouseException">The batch does not join on to the stored position, or the store failed.</exception>
    ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Adds statements to the log of changes, folds the histories they touch and re-keys the facts whose version changed, together.
    /// Statements that are known already change nothing. A new symbol gets its durable id here.
    /// </summary>
    ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken);

    /// <summary>All statements of one source, oldest first: what it has said so far.</summary>
    ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken);

    /// <summary>Coverage and open gaps of every symbol, in order of ticker.</summary>
    ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken);
}
