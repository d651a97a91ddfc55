using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>Where and as what statements run. Names are upper-case.</summary>
public sealed record SqlApiOptions
{
    public required string AccountUrl { get; init; }

    public string? Database { get; init; }

    public string? Schema { get; init; }

    public string? Warehouse { get; init; }

    public string? Role { get; init; }

    /// <summary>Shown in the query history. Default <c>trade-ingest</c>.</summary>
    public string QueryTag { get; init; } = "trade-ingest";

    /// <summary>After this a statement is canceled. Default five minutes.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// After this a request counts as lost. Snowflake itself answers within 45 s, if only to say that it is not done. Default 75 s.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Pause between two looks at a statement that runs on: grows from the first to the second. Default 100 ms to 2 s.</summary>
    public BackoffOptions PollInterval { get; init; } = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));

    public BackoffOptions Backoff { get; init; } = BackoffOptions.Default;
}
