namespace Crypto.TradeIngest.Binance;

/// <summary>The address of the combined stream, from the configured base.</summary>
internal static class StreamEndpoint
{
    /// <summary>
    /// Adds <c>/stream</c> when only a host was given, microseconds when no unit was asked for, and turns http into ws:
    /// <c>wss://stream.binance.com:9443</c> becomes <c>wss://stream.binance.com:9443/stream?timeUnit=MICROSECOND</c>.
    /// </summary>
    /// <exception cref="ArgumentException">Not an absolute ws, wss, http or https address.</exception>
    public static Uri From(Uri wsBase)
    {
        ArgumentNullException.ThrowIfNull(wsBase);
        var scheme = wsBase.IsAbsoluteUri ? wsBase.Scheme : string.Empty;
        var builder = scheme switch
        {
            "ws" or "wss" => new UriBuilder(wsBase),
            "http" => new UriBuilder(wsBase) { Scheme = "ws" },
            "https" => new UriBuilder(wsBase) { Scheme = "wss" },
            _ => throw new ArgumentException($"'{wsBase}' is no WebSocket address such as wss://stream.binance.com:9443.", nameof(wsBase)),
        };

        if (builder.Path.Trim('/').Length == 0) builder.Path = "/stream";
        if (!builder.Query.Contains("timeUnit=", StringComparison.OrdinalIgnoreCase))
        {
            var query = builder.Query.TrimStart('?');
            builder.Query = query.Length == 0 ? "timeUnit=MICROSECOND" : $"{query}&timeUnit=MICROSECOND";
        }

        return builder.Uri;
    }
}
