namespace Crypto.TradeIngest.Commands.Queries;

/// <summary>The result of a query, read once and row by row.</summary>
/// <param name="Columns">Their names; two may be the same.</param>
/// <param name="Rows">
/// A value per column: null, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <see cref="string"/> or a byte array.
/// </param>
internal sealed record QueryRows(IReadOnlyList<string> Columns, IEnumerable<object?[]> Rows);
