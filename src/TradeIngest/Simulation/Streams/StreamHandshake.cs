using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>The opening of a stream connection: RFC 6455's handshake and what the URL asks for.</summary>
internal static class StreamHandshake
{
    private const string KeySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Whether the path is one of <c>/ws</c>, <c>/ws/&lt;stream&gt;/…</c>, <c>/stream</c>.</summary>
    public static bool IsStreamPath(PathString path) =>
        path.StartsWithSegments("/ws", StringComparison.Ordinal) || path.Value is "/stream" or "/stream/";

    /// <summary>Reads names, form and unit from the URL: <c>/stream?streams=a/b&amp;timeUnit=MICROSECOND</c>.</summary>
    /// <returns>False when there are too many streams or the unit is unknown.</returns>
    public static bool TryReadState(HttpRequest request, Subscriptions subscriptions, [MaybeNullWhen(false)] out StreamState state)
    {
        state = null;
        var combined = !request.Path.StartsWithSegments("/ws", StringComparison.Ordinal, out var rest);

        // As the path is read and as the exchange's own examples are written: a plus is no blank, as in btcusdt@kline_1d@+08:00.
        var query = QueryHelpers.ParseQuery(request.QueryString.Value?.Replace("+", "%2B", StringComparison.Ordinal));
        var names = (combined ? (string?)query.GetValueOrDefault("streams") : rest.Value) ?? "";
        if (!subscriptions.TryAdd(names.Split('/', StringSplitOptions.RemoveEmptyEntries))) return false;
        if (!TimeUnit.TryParse(query.GetValueOrDefault("timeUnit"), out var microseconds)) return false;
        state = new StreamState(subscriptions, combined, microseconds);
        return true;
    }

    /// <summary>Switches protocols.</summary>
    /// <returns>The connection's bytes, or null when the request is no WebSocket handshake.</returns>
    public static async Task<Stream?> AcceptAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true }
            || !string.Equals(headers.Upgrade, "websocket", StringComparison.OrdinalIgnoreCase)
            || headers.SecWebSocketVersion != "13"
            || string.IsNullOrEmpty(headers.SecWebSocketKey))
        {
            return null;
        }

        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.SecWebSocketAccept = Accept(headers.SecWebSocketKey.ToString());
        return await upgrade.UpgradeAsync();
    }

    /// <summary>The hash that proves that a server speaks WebSocket; it protects nothing.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 prescribes SHA-1 here.")]
    public static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + KeySuffix)));
}
