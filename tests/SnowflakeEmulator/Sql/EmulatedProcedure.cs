namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>A stored procedure in Snowflake Scripting.</summary>
internal sealed record EmulatedProcedure(string Name, IReadOnlyList<string> Parameters, string Body);
