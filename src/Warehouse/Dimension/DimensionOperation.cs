namespace Crypto.Warehouse.Dimension;

/// <summary>What happens to a row of the bi-temporal dimension.</summary>
public enum OperationKind
{
    /// <summary>A version that was not known.</summary>
    Insert = 1,

    /// <summary>A version that goes on as it was but ends earlier or later: the row as it was is superseded, this one is.</summary>
    Close = 2,

    /// <summary>An inferred member that is described now, under the same key.</summary>
    Complete = 3,

    /// <summary>A version whose attributes are corrected, under the same key.</summary>
    Correct = 4,

    /// <summary>The row is superseded from its recorded time on; nothing of it is lost.</summary>
    Supersede = 5,

    /// <summary>
    /// A row that only a change recorded earlier than ones known already makes untrue: two recorders, or a log replayed out of its
    /// order. Its place is taken by the rows that the whole set of changes gives.
    /// </summary>
    Remove = 6,
}

/// <summary>
/// One row to write. Insert, close, complete and correct add <paramref name="Row"/>; supersede sets the recorded end of the stored
/// row with its key and recorded start; remove deletes that row.
/// </summary>
public sealed record DimensionOperation(OperationKind Kind, RecordedVersion Row);
