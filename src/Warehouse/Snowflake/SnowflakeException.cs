namespace Crypto.Warehouse.Snowflake;

/// <summary>What went wrong with Snowflake, in the terms an operator acts on.</summary>
public enum SnowflakeFault
{
    /// <summary>No answer, or one that says to come back later, for as long as the retries lasted.</summary>
    Unreachable,

    /// <summary>The configuration or the key cannot be used.</summary>
    Configuration,

    /// <summary>The token was refused, a fresh one too: wrong user, wrong account or a key the user does not have.</summary>
    Unauthorized,

    /// <summary>The role may not do this.</summary>
    Forbidden,

    /// <summary>An object does not exist, or the role cannot see it.</summary>
    ObjectMissing,

    /// <summary>A channel's offset token is none that this service can have left there.</summary>
    TokenMismatch,

    /// <summary>A channel lost its token: it was dropped, expired, or its table or pipe was replaced.</summary>
    TokenLost,

    /// <summary>Another process keeps taking the channel over.</summary>
    Fenced,

    /// <summary>Rows were taken but could not be stored.</summary>
    RowsRejected,

    /// <summary>Rows were taken and did not become visible in time.</summary>
    NotCommitted,

    /// <summary>The request itself is wrong; sending it again cannot help.</summary>
    Refused,

    /// <summary>A statement failed.</summary>
    Statement,
}

/// <summary>
/// Snowflake did not do what was asked. The message names the object and says what to do; it never holds a token or a key.
/// </summary>
public sealed class SnowflakeException(SnowflakeFault fault, string message, Exception? innerException = null, string? code = null)
    : StoreException(message, innerException)
{
    public SnowflakeFault Fault { get; } = fault;

    /// <summary>Snowflake's own code, such as <c>STALE_CONTINUATION_TOKEN_SEQUENCER</c> or <c>002003</c>, where it gave one.</summary>
    public string? Code { get; } = code;

    public override bool IsTransient => Fault is SnowflakeFault.Unreachable or SnowflakeFault.Fenced or SnowflakeFault.NotCommitted;
}
