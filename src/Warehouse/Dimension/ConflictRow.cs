namespace Crypto.Warehouse.Dimension;

/// <summary>A row of <c>SYMBOL_CONFLICTS</c>: a change that did not take effect, and the one that won.</summary>
public sealed record ConflictRow(
    string Attribute, string ValidTime, string Rule, string LoserSource, string? LoserValue, string? WinnerSource, string? WinnerValue);
