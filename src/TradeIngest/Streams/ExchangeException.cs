namespace Crypto.TradeIngest.Streams;

/// <summary>
/// The exchange could not be asked, or refused. The message says what to do.
/// <list type="bullet">
/// <item><see cref="IsTransient"/>: unreachable host, 5xx, 429 and 418; the same request may succeed later.</item>
/// <item>Otherwise: a wrong symbol, an unknown path, a refused location; repeating it is useless.</item>
/// </list>
/// </summary>
internal sealed class ExchangeException(string message, bool isTransient, Exception? inner = null) : IngestException(message, inner)
{
    public bool IsTransient { get; } = isTransient;

    /// <summary>The exchange's own code, such as -1121; 0 when it sent none.</summary>
    public int Code { get; init; }

    /// <summary>How long the exchange asked us to stay away.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
