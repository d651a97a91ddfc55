namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>A statement failed as Snowflake would have it fail: 422 with this code.</summary>
public sealed class SqlFailureException(string code, string sqlState, string message, Exception? cause = null) : Exception(message, cause)
{
    public string Code { get; } = code;

    public string SqlState { get; } = sqlState;
}
