namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>The emulator does not know how to execute this. Never to be taken for an error that Snowflake would give.</summary>
public sealed class UntranslatableException(string what, string sql) : Exception(
    $"The emulator cannot execute {what}. Teach it, or do without:\n{sql}");
