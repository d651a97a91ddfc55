using System.ComponentModel;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Hosting;

internal enum LogKind
{
    /// <summary>A file in the data folder; all roles in one process.</summary>
    Embedded,

    /// <summary>A Kafka cluster; roles may run in processes of their own.</summary>
    Kafka,
}

internal sealed record LogOptions
{
    [Description("What the trade log is: a file in the data folder, or a Kafka cluster.")]
    public LogKind Kind { get; init; }

    /// <summary>Fixed when the log is created.</summary>
    [Description("Partitions of trades and dead letters; without a value 1 in a file, and in Kafka what the topics have, or 6 for new "
        + "ones.")]
    [Within("1", "1024")]
    public int? Partitions { get; init; }

    [Description("Bytes kept per partition of the file once they are in the warehouse.")]
    [BytesWithin("1MiB", "1024TiB")]
    public long MaxBytes { get; init; } = 1L << 30;

    [Description("Age of records kept in the file once they are in the warehouse.")]
    [Within("0s", "3650d")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    [Description("How often old records are removed from the file.")]
    [Within("50ms", "1d")]
    public TimeSpan TrimInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Records of this process wake a reader at once.</summary>
    [Description("How often a waiting reader of the file looks for records that another process appended.")]
    [Within("10ms", "1m")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    public TrimPolicy Trim => new(MaxBytes, MaxAge);
}
