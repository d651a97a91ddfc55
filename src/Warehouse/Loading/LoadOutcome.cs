namespace Crypto.Warehouse.Loading;

/// <summary>What became of a batch. Records = stored + duplicates + rejected.</summary>
/// <param name="Stored">New rows in <c>FACT_TRADES</c>.</param>
/// <param name="Duplicates">Trades the warehouse had already.</param>
/// <param name="Rejected">New rows in <c>REJECTED_TRADES</c>.</param>
public readonly record struct LoadOutcome(int Stored, int Duplicates, int Rejected)
{
    public static LoadOutcome operator +(LoadOutcome left, LoadOutcome right) =>
        new(left.Stored + right.Stored, left.Duplicates + right.Duplicates, left.Rejected + right.Rejected);

    public static LoadOutcome Add(LoadOutcome left, LoadOutcome right) => left + right;
}
