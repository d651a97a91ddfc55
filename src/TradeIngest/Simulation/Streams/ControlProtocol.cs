using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>
/// The requests a client may send over its connection, and the replies:
/// <code>
/// {"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}  →  {"result":null,"id":1}
/// {"method":"LIST_SUBSCRIPTIONS","id":3}                    →  {"result":["btcusdt@trade"],"id":3}
/// {"method":"SET_PROPERTY","params":["combined",true],"id":5}
/// </code>
/// Errors have the shapes the documentation lists, with an id only where it shows one (<c>{"code":2,"msg":"…"}</c>); those of the
/// streams themselves are nested, as users observe them: <c>{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}</c>.
/// </summary>
internal static class ControlProtocol
{
    /// <summary>A request of more bytes gets no answer and has no effect.</summary>
    public const int MaxRequestLength = 4096;

    private const int MaxIdLength = 36;
    private const string Combined = "combined";
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Carries out one request against the connection's state and writes the reply.</summary>
    public static void Handle(ReadOnlyMemory<byte> request, StreamState state, IBufferWriter<byte> reply)
    {
        using var json = new Utf8JsonWriter(reply, Relaxed);
        try
        {
            using var document = JsonDocument.Parse(request);
            Handle(document.RootElement, request.Span, state, json);
        }
        catch (JsonException error)
        {
            var (line, column) = ((error.LineNumber ?? 0) + 1, (error.BytePositionInLine ?? 0) + 1);
            Fail(json, 3, $"Invalid JSON: expected value at line {line} column {column}");
        }
    }

    private static void Handle(JsonElement request, ReadOnlySpan<byte> text, StreamState state, Utf8JsonWriter json)
    {
        if (request.ValueKind != JsonValueKind.Object || !request.TryGetProperty("method", out var method))
        {
            Fail(json, 2, $"Invalid request: missing field `method` at line 1 column {text.Length}");
            return;
        }

        if (!request.TryGetProperty("id", out var id) || !IsId(id))
        {
            Fail(json, 2, "Invalid request: request ID must be an unsigned integer");
            return;
        }

        JsonElement[] parameters = request.TryGetProperty("params", out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray()]
            : [];
        switch (method.ValueKind == JsonValueKind.String ? method.GetString() : method.GetRawText())
        {
            case "SUBSCRIBE":
                Subscribe(parameters, id, state, json);
                break;
            case "UNSUBSCRIBE":
                Unsubscribe(parameters, id, state, json);
                break;
            case "LIST_SUBSCRIPTIONS" when parameters.Length == 0:
                Succeed(json, id, writer =>
                {
                    writer.WriteStartArray();
                    foreach (var name in state.Subscriptions.Names) writer.WriteStringValue(name);
                    writer.WriteEndArray();
                });
                break;
            case "LIST_SUBSCRIPTIONS":
                Fail(json, 2, "Invalid request: too many parameters");
                break;
            case "GET_PROPERTY":
                if (IsCombined(parameters, 1, id, json)) Succeed(json, id, writer => writer.WriteBooleanValue(state.IsCombined));
                break;
            case "SET_PROPERTY":
                SetProperty(parameters, id, state, json);
                break;
            case var unknown:
                Fail(json, 2,
                    $"Invalid request: unknown variant `{unknown}`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, " +
                    $"`SET_PROPERTY`, `GET_PROPERTY` at line 1 column {ColumnAfter(text, method)}");
                break;
        }
    }

    private static void Subscribe(JsonElement[] parameters, JsonElement id, StreamState state, Utf8JsonWriter json)
    {
        if (!TryReadNames(parameters, out var names)) FailNested(json, 2, "Invalid request: invalid stream", id);
        else if (!state.Subscriptions.TryAdd(names)) FailNested(json, 4, "Too many subscriptions", id);
        else Succeed(json, id, writer => writer.WriteNullValue());
    }

    private static void Unsubscribe(JsonElement[] parameters, JsonElement id, StreamState state, Utf8JsonWriter json)
    {
        if (!TryReadNames(parameters, out var names))
        {
            FailNested(json, 2, "Invalid request: invalid stream", id);
            return;
        }

        state.Subscriptions.Remove(names);
        Succeed(json, id, writer => writer.WriteNullValue());
    }

    private static void SetProperty(JsonElement[] parameters, JsonElement id, StreamState state, Utf8JsonWriter json)
    {
        if (!IsCombined(parameters, 2, id, json)) return;
        if (parameters.Length < 2 || parameters[1].ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Fail(json, 1, "Invalid value type: expected Boolean");
            return;
        }

        state.IsCombined = parameters[1].GetBoolean();
        Succeed(json, id, writer => writer.WriteNullValue());
    }

    private static bool IsCombined(JsonElement[] parameters, int most, JsonElement id, Utf8JsonWriter json)
    {
        var named = parameters.Length > 0 && parameters[0].ValueKind == JsonValueKind.String;
        if (!named) Fail(json, 2, "Invalid request: property name must be a string");
        else if (parameters.Length > most) Fail(json, 2, "Invalid request: too many parameters");
        else if (parameters[0].GetString() != Combined) Fail(json, 0, "Unknown property", id);
        else return true;
        return false;
    }

    private static bool TryReadNames(JsonElement[] parameters, out List<string> names)
    {
        names = [];
        foreach (var parameter in parameters)
        {
            if (parameter.ValueKind != JsonValueKind.String || !StreamNames.IsWellFormed(parameter.GetString()!)) return false;
            names.Add(parameter.GetString()!);
        }

        return names.Count > 0;
    }

    private static bool IsId(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Number => id.TryGetInt64(out _),
        JsonValueKind.String => id.GetString()!.Length <= MaxIdLength,
        _ => false,
    };

    private static int ColumnAfter(ReadOnlySpan<byte> text, JsonElement value)
    {
        var raw = System.Text.Encoding.UTF8.GetBytes(value.GetRawText());
        return text.IndexOf(raw) + raw.Length;
    }

    private static void Succeed(Utf8JsonWriter json, JsonElement id, Action<Utf8JsonWriter> writeResult)
    {
        json.WriteStartObject();
        json.WritePropertyName("result");
        writeResult(json);
        json.WritePropertyName("id");
        id.WriteTo(json);
        json.WriteEndObject();
    }

    private static void Fail(Utf8JsonWriter json, int code, string message, JsonElement? id = null)
    {
        json.WriteStartObject();
        json.WriteNumber("code", code);
        json.WriteString("msg", message);
        if (id is { } known)
        {
            json.WritePropertyName("id");
            known.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void FailNested(Utf8JsonWriter json, int code, string message, JsonElement id)
    {
        json.WriteStartObject();
        json.WritePropertyName("error");
        Fail(json, code, message);
        json.WritePropertyName("id");
        id.WriteTo(json);
        json.WriteEndObject();
    }
}
