namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>What the caller knows of a channel from a store of its own.</summary>
public sealed record OpenOptions
{
    /// <summary>The offset that is known to be committed; a channel that stands before it is refused. Null when nothing is known.</summary>
    public long? KnownCommitted { get; init; }

    /// <summary>
    /// Reads from the table itself the highest offset this channel has rows of, or null when it has none. Asked when a channel has no
    /// token, or one that is ahead of <see cref="KnownCommitted"/>: channels that are idle for thirty days are deleted with their token,
    /// and the rows then say where to go on. Without it a channel that lost its token is refused if anything is known, and taken for a new
    /// one if not.
    /// </summary>
    public Func<CancellationToken, Task<long?>>? HighestStoredOffset { get; init; }

    /// <summary>
    /// Looks for rows in the table that the channel's token covers, and adds those that are missing by another way; returns how many were.
    /// Asked when Snowflake counts row errors or too few rows, and of all rows that an opening finds committed or skips: their errors may
    /// have been counted before. Called in turn with appends. Without it a row error ends the channel, and errors of before the opening are
    /// not looked at.
    /// </summary>
    /// <exception cref="SnowflakeException">A row cannot be added.</exception>
    public Func<CommittedRows, CancellationToken, Task<int>>? RestoreMissing { get; init; }
}
