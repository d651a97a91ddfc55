using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>How a <see cref="StreamingClient"/> behaves. The defaults follow Snowflake's documented limits.</summary>
public sealed record StreamingOptions
{
    /// <summary>
    /// Base address of the account, such as <c>https://myorg-account1.snowflakecomputing.com</c>. Plain http only to this machine.
    /// </summary>
    public required string AccountUrl { get; init; }

    /// <summary>Overrides the discovered host of the streaming interface; a host name or an address. Default none.</summary>
    public string? IngestHost { get; init; }

    /// <summary>The user's default role, which streaming works with; for messages only.</summary>
    public string Role { get; init; } = "<the user's default role>";

    /// <summary>
    /// Whether tokens are exchanged for ones that hold for the streaming host only, as documented. False asks for a token that the
    /// SQL interface takes too. Default true.
    /// </summary>
    public bool ScopedTokens { get; init; } = true;

    /// <summary>Most bytes of one request on the wire, compressed. Snowflake's limit is 4 MB; default 3.8 MB.</summary>
    public int MaxWireBytes { get; init; } = 3_800_000;

    /// <summary>Most bytes of one request before compression. Default 16 MiB, a second's worth of the soft limit of a channel.</summary>
    public int MaxBodyBytes { get; init; } = 16 << 20;

    /// <summary>
    /// Most bytes of a channel, before compression, that were appended and are not committed yet; more waits. Default 64 MiB.
    /// </summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>Least time between two appends of one channel. Default 100 ms: ten requests a second.</summary>
    public TimeSpan AppendInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After this long a request counts as lost; whether it was applied is then not known. Default 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Pause between two looks at a channel's status while waiting for a commit: grows from the first to the second. Default 50 to 500 ms.
    /// </summary>
    public BackoffOptions PollInterval { get; init; } = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));

    /// <summary>
    /// Rows that are appended and not committed for this long get the channel opened anew and are sent again. Default 60 s.
    /// </summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long to wait, when opening, for rows that an owner before left in flight. Then they are discarded: they are not committed, so
    /// the source comes to them again. Default 180 s.
    /// </summary>
    public TimeSpan UncommittedTimeout { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Pauses between attempts of one request.</summary>
    public BackoffOptions Backoff { get; init; } = BackoffOptions.Default;

    /// <summary>Smallest pause before a channel is opened anew, and half the largest one. Default 250 ms.</summary>
    public TimeSpan ReopenPause { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Times a channel may be opened anew without one append succeeding in between. Default 5.</summary>
    public int MaxReopens { get; init; } = 5;

    /// <summary>Receives what an operator may want to know; never holds tokens. Called from any thread.</summary>
    public Action<StreamingNotice>? Observer { get; init; }
}

/// <summary>Something worth a line in a log.</summary>
/// <param name="Channel">Which channel, if one.</param>
/// <param name="Kind">What.</param>
/// <param name="Detail">For a person, with the raw HTTP status and code where there was a reply.</param>
public readonly record struct StreamingNotice(ChannelAddress? Channel, NoticeKind Kind, string Detail);

public enum NoticeKind
{
    /// <summary>A request is repeated, byte for byte.</summary>
    Resent = 1,

    /// <summary>A channel was opened anew.</summary>
    Reopened,

    /// <summary>Rows were appended and not committed in time.</summary>
    CommitOverdue,

    /// <summary>Host and token were asked for anew.</summary>
    Reconnected,

    /// <summary>An owner before left rows in flight; the open waits for them.</summary>
    WaitingForCommit,

    /// <summary>A token was refused and asked for anew.</summary>
    TokenRefused,

    /// <summary>A channel had no token although the table has rows of it; it goes on after those.</summary>
    TokenRecovered,

    /// <summary>Rows that the table had refused were added by another way.</summary>
    RowsRestored,
}
