namespace Crypto.TradeIngest.Log.Embedded;

internal sealed class EmbeddedTradeLogOptions
{
    /// <summary>
    /// Partitions of every topic, fixed when the log is created. Default 1: one process reads it, and one partition gives one order.
    /// Range 1 to 1,024.
    /// </summary>
    public int Partitions { get; init; } = 1;

    /// <summary>
    /// How often a waiting reader looks for records that another process appended. Those of this process wake it at once. Default 250 ms.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(250);
}
