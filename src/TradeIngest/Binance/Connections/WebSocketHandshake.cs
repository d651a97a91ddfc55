using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// The HTTP request that becomes a WebSocket (RFC 6455, section 4). It is the platform's HTTP client that makes it, as its own
/// ClientWebSocket does, so names, TLS, certificates and proxies are treated alike.
/// </summary>
internal static class WebSocketHandshake
{
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <returns>The connection behind it, for frames; disposing it disconnects.</returns>
    /// <exception cref="WebSocketException">The server cannot be reached or does not agree.</exception>
    public static async Task<Stream> ConnectAsync(HttpMessageInvoker http, Uri endpoint, CancellationToken token)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        using var request = new HttpRequestMessage(HttpMethod.Get, endpoint) { Version = HttpVersion.Version11 };
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", key);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, token);
        }
        catch (HttpRequestException unreachable)
        {
            throw new WebSocketException(WebSocketError.Faulted, unreachable.Message, unreachable);
        }

        if (Refusal(response, key) is not { } refusal) return await response.Content.ReadAsStreamAsync(token);
        response.Dispose();
        throw new WebSocketException(WebSocketError.NotAWebSocket, $"{Secrets.Shown(endpoint)} does not agree to a WebSocket: {refusal}.");
    }

    private static string? Refusal(HttpResponseMessage response, string key)
    {
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols) return $"it answers {(int)response.StatusCode} {response.ReasonPhrase}";
        if (!response.Headers.Connection.Contains("Upgrade", StringComparer.OrdinalIgnoreCase)) return "no Connection: Upgrade";
        if (!response.Headers.Upgrade.Any(protocol => protocol.Name.Equals("websocket", StringComparison.OrdinalIgnoreCase))) return "no Upgrade: websocket";
        if (!Values("Sec-WebSocket-Accept").SequenceEqual([AcceptOf(key)], StringComparer.Ordinal)) return "Sec-WebSocket-Accept is another's";
        return Values("Sec-WebSocket-Extensions").Concat(Values("Sec-WebSocket-Protocol")).Any(value => value.Length > 0)
            ? "it chose extensions or a protocol that nobody offered"
            : null;

        IEnumerable<string> Values(string name) => response.Headers.TryGetValues(name, out var values) ? values.Select(value => value.Trim()) : [];
    }

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 prescribes SHA-1 here.")]
    private static string AcceptOf(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
}
