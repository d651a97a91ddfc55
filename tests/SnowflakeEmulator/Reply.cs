using System.Text.Json;

namespace Crypto.SnowflakeEmulator;

/// <summary>A reply before it is sent.</summary>
internal sealed record Reply(int Status, string Body, string ContentType = "application/json", bool IsCompressed = false)
{
    public static Reply Json<T>(int status, T body) => new(status, JsonSerializer.Serialize(body));

    public static Reply Error(int status, string code, string message) => Json(status, new { code, message });
}
