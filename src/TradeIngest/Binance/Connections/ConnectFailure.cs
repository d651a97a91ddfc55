using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// Why there is no connection, in one message: the platform spreads it over a chain of exceptions and the headers of a reply.
/// </summary>
internal static class ConnectFailure
{
    private const string SeeInner = "see inner exception.";

    /// <param name="socket">The one that failed, which collected the details of the reply.</param>
    public static ExchangeException Describe(Uri endpoint, ClientWebSocket socket, Exception failure)
    {
        var retryAfter = RetryAfter(socket.HttpResponseHeaders);
        var reason = socket.HttpStatusCode is not (default(HttpStatusCode) or HttpStatusCode.SwitchingProtocols)
            ? $"it answers {Name(socket.HttpStatusCode)}" + (retryAfter is null ? "" : $", Retry-After: {retryAfter}")
            : string.Join(": ", Reasons(failure));
        return new ExchangeException($"No WebSocket to {Secrets.Shown(endpoint)}: {reason}", isTransient: true, failure)
        {
            IsBan = (int)socket.HttpStatusCode is 418 or 429,
            RetryAfter = Backoff.RetryAfter(retryAfter, TimeProvider.System),
        };
    }

    private static string Name(HttpStatusCode status) => Enum.IsDefined(status) ? $"{(int)status} {status}" : $"{(int)status}";

    private static RetryConditionHeaderValue? RetryAfter(IReadOnlyDictionary<string, IEnumerable<string>>? headers) =>
        headers is not null && headers.TryGetValue("Retry-After", out var values)
        && RetryConditionHeaderValue.TryParse(values.FirstOrDefault(), out var value) ? value : null;

    /// <summary>From the outermost to the innermost, without those that only point to the next or say the same again.</summary>
    private static List<string> Reasons(Exception failure)
    {
        var reasons = new List<string>();
        for (var e = failure; e is not null; e = e.InnerException)
        {
            var message = e.Message.EndsWith(SeeInner, StringComparison.OrdinalIgnoreCase) && e.InnerException is not null
                ? e.Message[..^SeeInner.Length]
                : e.Message;
            message = message.TrimEnd(' ', '.', ',');
            if (!reasons.Exists(earlier => earlier.Contains(message, StringComparison.Ordinal))) reasons.Add(message);
        }

        return reasons;
    }
}
