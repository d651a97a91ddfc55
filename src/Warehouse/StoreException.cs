namespace Crypto.Warehouse;

/// <summary>
/// A store did not do what was asked, for a reason that somebody can act on: the message says how. One family per kind of store:
/// <see cref="StorageException"/> for files and logs, <see cref="WarehouseException"/> for what a warehouse is asked,
/// <see cref="Snowflake.SnowflakeException"/> for Snowflake's interfaces.
/// </summary>
public abstract class StoreException(string message, Exception? innerException) : Exception(message, innerException)
{
    /// <summary>Whether the same call may succeed later without anybody's help.</summary>
    public abstract bool IsTransient { get; }
}
