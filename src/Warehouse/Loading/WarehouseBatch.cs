using Crypto.TradeModel.Trades;

namespace Crypto.Warehouse.Loading;

/// <summary>
/// A run of consecutive records of one partition, read and understood: what a warehouse writes in one transaction together with the
/// position after it. The memory belongs to the caller and is not kept after the call.
/// </summary>
public sealed class WarehouseBatch
{
    public required LogPartition Partition { get; init; }

    /// <summary>Where the warehouse must stand for this batch to be written: the position after the batch before.</summary>
    public required long FromOffset { get; init; }

    /// <summary>Where the warehouse stands afterwards.</summary>
    public required long NextOffset { get; init; }

    /// <summary>All records, as landed, in offset order.</summary>
    public required ReadOnlyMemory<RawRecord> Records { get; init; }

    /// <summary>The records that are trades, in offset order, believable or not.</summary>
    public required ReadOnlyMemory<Trade> Trades { get; init; }

    /// <summary>For each of <see cref="Trades"/> the index of its record.</summary>
    public required ReadOnlyMemory<int> TradeRecords { get; init; }

    /// <summary>The records that say what became of missing trades, in offset order; usually none.</summary>
    public IReadOnlyList<GapVerdict> Verdicts { get; init; } = [];

    /// <summary>The records that are neither.</summary>
    public IReadOnlyList<RejectedRecord> Rejected { get; init; } = [];

    /// <summary>
    /// Whether the records are kept in <c>STOCK_TRADES_RAW</c>; those of the dead-letter topic stand in <c>REJECTED_TRADES</c> already.
    /// </summary>
    public bool KeepRaw { get; init; } = true;
}
