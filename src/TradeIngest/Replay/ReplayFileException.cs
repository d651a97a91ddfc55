namespace Crypto.TradeIngest.Replay;

/// <summary>A file cannot be replayed, or not to its end. The message says what to do; nothing is retried.</summary>
internal sealed class ReplayFileException : Exception
{
    public ReplayFileException()
    {
    }

    public ReplayFileException(string message)
        : base(message)
    {
    }

    public ReplayFileException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
