namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>A table as far as streaming into it needs to know it.</summary>
internal sealed record EmulatedTable(string Name, IReadOnlyList<EmulatedColumn> Columns)
{
    public EmulatedTable With(EmulatedColumn column) => this with { Columns = [.. Columns, column] };
}

/// <param name="Type">The storage type, as <see cref="SqlTranslator.TypeOf"/> names it.</param>
/// <param name="Default">As SQL, or null for none.</param>
internal sealed record EmulatedColumn(string Name, string Type, bool IsNullable, string? Default = null);
