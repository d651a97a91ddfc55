namespace Crypto.TradeIngest.Replay;

/// <summary>A file cannot be replayed, or not to its end. The message says what to do; nothing is retried.</summary>
internal sealed class ReplayFileException(string message, Exception? inner = null) : IngestException(message, inner);
