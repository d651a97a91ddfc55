namespace Crypto.TradeIngest.Streams;

/// <summary>
/// The exchange could not be asked, or refused. The message says what to do.
/// <list type="bullet">
/// <item><see cref="IsTransient"/>: all but the next; the same request may succeed later.</item>
/// <item>Otherwise: what the exchange documents as a fault of the request, such as a wrong symbol; repeating it is useless.</item>
/// </list>
/// </summary>
internal sealed class ExchangeException(string message, bool isTransient, Exception? inner = null) : IngestException(message, inner)
{
    public bool IsTransient { get; } = isTransient;

    /// <summary>The exchange's own code, such as -1121; 0 when it sent none.</summary>
    public int Code { get; init; }

    /// <summary>The exchange answers nobody at this address for a while; asking on prolongs it.</summary>
    public bool IsBan { get; init; }

    /// <summary>The exchange has no symbol of this name.</summary>
    public bool IsUnknownSymbol { get; init; }

    /// <summary>
    /// Not this request is refused but this place or network, or the refusal is one that the exchange does not document. It may last; what
    /// runs unattended asks again after <see cref="RetryAfter"/>.
    /// </summary>
    public bool IsOfPlace => IsTransient && !IsBan && RetryAfter is not null;

    /// <summary>How long to ask nothing of the kind: as the exchange said, or as the kind of refusal suggests.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
