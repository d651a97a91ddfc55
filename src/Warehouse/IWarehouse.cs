using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse;

/// <summary>
/// What a warehouse does, at the level of meaning. Calls may come from several threads; each is atomic, and after an exception
/// nothing of it was written.
/// </summary>
public interface IWarehouse : ISymbolChangeLog
{
    /// <summary>
    /// Records of a batch beyond which a larger one is no cheaper: enough that a load's fixed cost is spread, and no more memory or time for
    /// one load than that takes. Whoever loads hands over so many at most, and fewer when fewer are there.
    /// </summary>
    int RecordsPerLoad { get; }

    /// <summary>Where to go on reading each partition of the log; a partition that is not listed starts at its first record.</summary>
    ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Writes raw rows, facts, rejections, coverage, gaps and the new position together. A trade that is covered already is counted
    /// as a duplicate and not written; a batch the warehouse is past already changes nothing.
    /// </summary>
    /// <exception cref="WarehouseException">The batch does not join on to the stored position, or the store failed.</exception>
    ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken);

    /// <summary>Coverage and open gaps of every symbol, in order of ticker.</summary>
    ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken);
}
