namespace Crypto.Warehouse.Loading;

/// <summary>What became of a batch. Records = stored + duplicates + rejected + verdicts.</summary>
/// <param name="Stored">New rows in <c>FACT_TRADES</c>.</param>
/// <param name="Duplicates">Trades the warehouse had already.</param>
/// <param name="Rejected">New rows in <c>REJECTED_TRADES</c>.</param>
/// <param name="Verdicts">Records that are no trade but say what became of missing ones.</param>
public readonly record struct LoadOutcome(int Stored, int Duplicates, int Rejected, int Verdicts = 0)
{
    public static LoadOutcome operator +(LoadOutcome left, LoadOutcome right) =>
        new(left.Stored + right.Stored, left.Duplicates + right.Duplicates, left.Rejected + right.Rejected, left.Verdicts + right.Verdicts);

    public static LoadOutcome Add(LoadOutcome left, LoadOutcome right) => left + right;
}
