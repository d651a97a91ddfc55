using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Snowflake;

public sealed record SnowflakeWarehouseOptions
{
    public string Database { get; init; } = "STREAMING_DB";

    public string Schema { get; init; } = "PUBLIC";

    /// <summary>
    /// Least time between two checkpoints of coverage, gaps, rejections and positions. Rows stream without a running warehouse; each
    /// checkpoint wakes one up, for a minute at least. After a crash so much is read from the log again, without writing any row twice.
    /// When no batch comes for as long, what the last ones brought is checkpointed too. Zero makes one after each batch. Two
    /// MiB of rejections make one at once. Default 15 minutes.
    /// </summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Time between two looks at the channels while nothing is loaded: one that was invalidated is opened anew then. Default 30 s.
    /// </summary>
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Quote assets that count as US dollars.</summary>
    public IReadOnlyList<string> PeggedAssets { get; init; } = UsdAmount.DefaultPeggedAssets;

    /// <summary>Which source may state which attribute.</summary>
    public AttributeOwnership Ownership { get; init; } = AttributeOwnership.Default;

    /// <summary>Most facts that one call may bind to another version. Default 1,000,000.</summary>
    public long RekeyLimit { get; init; } = 1_000_000;

    /// <summary>
    /// Rows that the tables refuse are looked for and added by SQL, so many of a table and partition from one start to the next, and one in
    /// a hundred of those that pass. More stop the sink: the table does not fit. Default 1,000.
    /// </summary>
    public long RepairLimit { get; init; } = 1000;

    /// <summary>
    /// Records that may be on the way to the tables at once, accepted and not committed; a load that would be more waits. With a commit
    /// latency of five seconds the default, 131,072 or four full loads, carries 26,000 trades a second; they are kept compressed, some 250
    /// bytes each. A channel has a bound of its own, <see cref="Streaming.StreamingOptions.MaxUncommittedBytes"/>.
    /// </summary>
    public int UncommittedRecords { get; init; } = 131_072;
}
