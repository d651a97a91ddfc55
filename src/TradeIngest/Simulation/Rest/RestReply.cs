using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>A REST answer: a status and a JSON body.</summary>
internal readonly record struct RestReply(int Status, ReadOnlyMemory<byte> Body, TimeSpan? RetryAfter = null)
{
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

    public static RestReply NotFound() => new(404, Encoding.ASCII.GetBytes("<html><body><h2>404 Not found</h2></body></html>"));
}
