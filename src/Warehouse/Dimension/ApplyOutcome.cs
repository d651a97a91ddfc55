namespace Crypto.Warehouse.Dimension;

/// <summary>What a set of changes did.</summary>
/// <param name="NewChanges">Changes not known before.</param>
/// <param name="NewSymbols">Symbols registered.</param>
/// <param name="VersionsWritten">Rows added to the dimension.</param>
/// <param name="VersionsSuperseded">Rows that are no longer current knowledge.</param>
/// <param name="FactsRekeyed">Facts bound to another version than before.</param>
public readonly record struct ApplyOutcome(int NewChanges, int NewSymbols, int VersionsWritten, int VersionsSuperseded, long FactsRekeyed);
