using System.Text.Json;

namespace Crypto.TradeIngest.Binance.Frames;

/// <summary>
/// The answer to one request. Its error comes flat or nested.
/// <code>
/// {"result":null,"id":1}
/// {"result":["btcusdt@trade"],"id":3}
/// {"code":0,"msg":"Unknown property","id":1}
/// {"error":{"code":4,"msg":"Too many subscriptions"},"id":19}
/// </code>
/// </summary>
/// <param name="Id">The request's id as text, whether it was sent as a number or a string; null when the exchange names none.</param>
/// <param name="Streams">The stream names of a list; empty for other results.</param>
/// <param name="Error">What went wrong, or null.</param>
internal sealed record ControlReply(string? Id, IReadOnlyList<string> Streams, ControlError? Error)
{
    /// <returns>The reply, or null when <paramref name="frame"/> is none. Never throws.</returns>
    public static ControlReply? Parse(ReadOnlyMemory<byte> frame)
    {
        try
        {
            using var document = JsonDocument.Parse(frame);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            var id = IdOf(root);
            if (root.TryGetProperty("error"u8, out var error)) return new ControlReply(id, [], ErrorOf(error));
            if (root.TryGetProperty("code"u8, out _) && root.TryGetProperty("msg"u8, out _)) return new ControlReply(id, [], ErrorOf(root));
            return root.TryGetProperty("result"u8, out var result) ? new ControlReply(id, StreamsOf(result), null) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter: a lone surrogate or invalid UTF-8 in a text.
            return null;
        }
    }

    public override string ToString() =>
        $"id {Id ?? "none"}, " + (Error is { } error ? $"{error.Message} (code {error.Code})" : $"{Streams.Count} streams");

    private static string? IdOf(JsonElement root)
    {
        if (!root.TryGetProperty("id"u8, out var id)) return null;
        return id.ValueKind switch
        {
            JsonValueKind.String => id.GetString(),
            JsonValueKind.Number => id.GetRawText(),
            _ => null,
        };
    }

    private static ControlError ErrorOf(JsonElement error)
    {
        if (error.ValueKind != JsonValueKind.Object) return new ControlError(null, error.ToString());
        var hasCode = error.TryGetProperty("code"u8, out var number) && number.ValueKind == JsonValueKind.Number;
        return new ControlError(
            hasCode && number.TryGetInt32(out var code) ? code : null,
            error.TryGetProperty("msg"u8, out var message) ? message.ToString() : "");
    }

    private static List<string> StreamsOf(JsonElement result)
    {
        var streams = new List<string>();
        if (result.ValueKind != JsonValueKind.Array) return streams;
        foreach (var name in result.EnumerateArray())
        {
            if (name.ValueKind == JsonValueKind.String) streams.Add(name.GetString()!);
        }

        return streams;
    }
}

/// <summary>Why the exchange refused a request.</summary>
/// <param name="Code">0 unknown property, 1 invalid value type, 2 invalid request, 3 invalid JSON, 4 too many streams, or null.</param>
internal sealed record ControlError(int? Code, string Message);
