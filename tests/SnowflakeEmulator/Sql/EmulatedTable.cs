namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>A table as far as streaming into it needs to know it.</summary>
internal sealed record EmulatedTable(string Name, IReadOnlyList<EmulatedColumn> Columns);

/// <param name="Type">The storage type, as <see cref="SqlTranslator.TypeOf"/> names it.</param>
internal sealed record EmulatedColumn(string Name, string Type, bool IsNullable);
