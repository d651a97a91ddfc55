using System.Buffers;
using System.Text.Json;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// The value of one record on the topic <c>stock_trades_dlq</c>. Times are UTC microseconds, the payload is Base64.
/// <code>
/// {"version":1,"reason":"malformed_json","detail":"frame of 12 bytes","source":"STREAM","received_time":1790446152701233,"payload":"eyJl"}
/// </code>
/// </summary>
internal static class DeadLetterJson
{
    public const int Version = 1;

    public static byte[] Write(DeadLetter letter)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("version", Version);
        writer.WriteString("reason", letter.Reason.Name());
        writer.WriteString("detail", letter.Detail);
        writer.WriteString("source", NameOf(letter.Source));
        writer.WriteNumber("received_time", letter.ReceivedTime.Microseconds);
        writer.WriteBase64String("payload", letter.Payload);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <returns><see cref="ErrorReason.None"/>, or why <paramref name="utf8"/> is no dead letter. Throws for no bytes whatever.</returns>
    public static ErrorReason TryRead(ReadOnlyMemory<byte> utf8, out DeadLetter? letter)
    {
        letter = null;
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return Read(document.RootElement, out letter);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The latter: invalid UTF-8 or a lone surrogate, which the document lets pass until the text is asked for.
            return ErrorReason.MalformedJson;
        }
    }

    private static ErrorReason Read(JsonElement root, out DeadLetter? letter)
    {
        letter = null;
        if (ContractVersion.Check(root, Version) is var fault and not ErrorReason.None) return fault;
        if (!root.TryGetProperty("reason"u8, out var reasonName)
            || !root.TryGetProperty("detail"u8, out var detail)
            || !root.TryGetProperty("source"u8, out var sourceName)
            || !root.TryGetProperty("received_time"u8, out var receivedTime)
            || !root.TryGetProperty("payload"u8, out var payload))
        {
            return ErrorReason.MissingField;
        }

        if (reasonName.ValueKind != JsonValueKind.String
            || !ErrorReasons.TryParse(reasonName.GetString()!, out var reason)
            || detail.ValueKind != JsonValueKind.String
            || sourceName.ValueKind != JsonValueKind.String
            || SourceOf(sourceName.GetString()!) is not { } source
            || receivedTime.ValueKind != JsonValueKind.Number
            || payload.ValueKind != JsonValueKind.String
            || !payload.TryGetBytesFromBase64(out var bytes))
        {
            return ErrorReason.WrongType;
        }

        if (!receivedTime.TryGetInt64(out var microseconds)) return ErrorReason.NumberOutOfRange;
        letter = new DeadLetter(reason, detail.GetString()!, source, new Timestamp(microseconds), bytes);
        return ErrorReason.None;
    }

    private static string NameOf(IngestSource source) => source switch
    {
        IngestSource.Stream => "STREAM",
        IngestSource.Backfill => "BACKFILL",
        IngestSource.Replay => "REPLAY",
        IngestSource.Correction => "CORRECTION",
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "A dead letter has a source."),
    };

    private static IngestSource? SourceOf(string name) => name switch
    {
        "STREAM" => IngestSource.Stream,
        "BACKFILL" => IngestSource.Backfill,
        "REPLAY" => IngestSource.Replay,
        "CORRECTION" => IngestSource.Correction,
        _ => null,
    };
}
