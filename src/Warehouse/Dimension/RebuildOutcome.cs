namespace Crypto.Warehouse.Dimension;

/// <summary>What folding the log of changes again did.</summary>
/// <param name="Rows">Rows of the dimension, superseded ones included.</param>
/// <param name="Different">Rows that were not there before, or are not there any more: 0 when all is well.</param>
/// <param name="FactsRekeyed">Facts bound to another version than before.</param>
public readonly record struct RebuildOutcome(int Rows, int Different, long FactsRekeyed);
