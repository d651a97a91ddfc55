using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>A REST answer: a status and a body, of JSON unless it is a page.</summary>
internal readonly record struct RestReply(int Status, ReadOnlyMemory<byte> Body, TimeSpan? RetryAfter = null, bool IsPage = false)
{
    public bool IsList => Status == 200 && Body.Span.StartsWith("["u8);

    public static RestReply Ok(ReadOnlyMemory<byte> body) => new(200, body);

    /// <summary>The documented shape of errors: <c>{"code":-1121,"msg":"Invalid symbol."}</c>.</summary>
    public static RestReply Error(int status, int code, string message, TimeSpan? retryAfter = null)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, RestApi.Relaxed))
        {
            json.WriteStartObject();
            json.WriteNumber("code", code);
            json.WriteString("msg", message);
            json.WriteEndObject();
        }

        return new RestReply(status, body.WrittenMemory, retryAfter);
    }

    public static RestReply InvalidSymbol() => Error(400, -1121, "Invalid symbol.");

    public static RestReply Missing(string parameter) =>
        Error(400, -1102, $"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.");

    public static RestReply IllegalCharacters(string parameter, string range) =>
        Error(400, -1100, $"Illegal characters found in parameter '{parameter}'; legal range is '{range}'.");

    public static RestReply Invalid(string parameter) => Error(400, -1130, $"Data sent for parameter '{parameter}' is not valid.");

    /// <summary>What comes from before the exchange itself, such as its firewall.</summary>
    public static RestReply Page(int status, TimeSpan? retryAfter = null)
    {
        var text = $"{status} {ReasonPhrases.GetReasonPhrase(status)}".TrimEnd();
        var html = $"<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n";
        return new RestReply(status, Encoding.ASCII.GetBytes(html), retryAfter, IsPage: true);
    }

    /// <summary>A refusal or failure that no request of the client's is the cause of.</summary>
    public static RestReply Failure(int status, TimeSpan? retryAfter = null) => status is 418 or 429
        ? Error(status, -1003, "Too many requests; please use WebSocket Streams for live updates to avoid polling the API.", retryAfter)
        : Error(status, -1000, "An unknown error occurred while processing the request.", retryAfter);
}
