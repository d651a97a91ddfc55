namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>What the caller knows of a channel from a store of its own.</summary>
public sealed record OpenOptions
{
    /// <summary>The offset that is known to be committed; a channel that stands before it is refused. Null when nothing is known.</summary>
    public long? KnownCommitted { get; init; }

    /// <summary>
    /// Reads from the table itself the highest offset this channel has rows of, or null when it has none. Asked when a channel has no token, or
    /// one that is ahead of <see cref="KnownCommitted"/>: channels that are idle for thirty days are deleted with their token, and the rows
    /// then say where to go on. Without it a channel that lost its token is refused if anything is known, and taken for a new one if not.
    /// </summary>
    public Func<CancellationToken, Task<long?>>? HighestStoredOffset { get; init; }
}
