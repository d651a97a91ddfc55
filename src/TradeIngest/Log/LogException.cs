namespace Crypto.TradeIngest.Log;

/// <summary>
/// The log cannot go on from where it was asked to: an offset was trimmed away, a record is damaged; or, where
/// <see cref="IsConfiguration"/> says so, it is sound and not what is configured. Never transient; the message says what to do.
/// </summary>
internal sealed class LogException(string message, Exception? innerException = null, bool isConfiguration = false)
    : IngestException(message, innerException)
{
    /// <summary>Whether the configuration is to be corrected and not the log.</summary>
    public bool IsConfiguration { get; } = isConfiguration;
}
