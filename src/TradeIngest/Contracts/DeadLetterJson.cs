using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Contracts;

/// <summary>
/// The value of one record on the topic <c>stock_trades_dlq</c>. Times are UTC microseconds, the payload is Base64.
/// <code>
/// {"version":1,"reason":"malformed_json","detail":"frame of 12 bytes","source":"STREAM","received_time":1790446152701233,"payload":"eyJl"}
/// </code>
/// Where not all bytes received are in the payload, <c>length</c> has their number; a summary has, besides, <c>count</c> (letters it
/// stands for) and <c>first_time</c>. A reader that does not know these takes it for one letter.
/// <code>
/// {"version":1,"reason":"malformed_json","detail":"summary of 9000 dead letters …","source":"STREAM","received_time":1790446152701233,
///  "payload":"eyJl","length":1800000,"count":9000,"first_time":1790446142701233}
/// </code>
/// </summary>
internal static class DeadLetterJson
{
    public const int Version = 1;

    public static byte[] Write(DeadLetter letter)
    {
        var buffer = new ArrayBufferWriter<byte>(Base64.GetMaxEncodedToUtf8Length(letter.Payload.Length) + 1024);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("version", Version);
        writer.WriteString("reason", letter.Reason.Name());
        writer.WriteString("detail", letter.Detail);
        writer.WriteString("source", NameOf(letter.Source));
        writer.WriteNumber("received_time", letter.ReceivedTime.Microseconds);
        writer.WriteBase64String("payload", letter.Payload);
        if (!letter.IsWhole) writer.WriteNumber("length", letter.Length);
        if (letter.Count > 1)
        {
            writer.WriteNumber("count", letter.Count);
            writer.WriteNumber("first_time", letter.FirstTime.Microseconds);
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <inheritdoc cref="ContractVersion.TryRead"/>
    public static ErrorReason TryRead(ReadOnlyMemory<byte> utf8, out DeadLetter? letter) =>
        ContractVersion.TryRead(utf8, Version, Read, out letter);

    private static ErrorReason Read(JsonElement root, out DeadLetter? letter)
    {
        letter = null;
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
        if (ReadWhole(root, "length"u8, bytes.Length, out var length) is var badLength and not ErrorReason.None) return badLength;
        if (ReadWhole(root, "count"u8, 1, out var count) is var badCount and not ErrorReason.None) return badCount;
        if (ReadWhole(root, "first_time"u8, microseconds, out var first) is var badTime and not ErrorReason.None) return badTime;
        letter = new DeadLetter(reason, detail.GetString()!, source, new Timestamp(microseconds), bytes)
        {
            Length = length,
            Count = count,
            FirstTime = new Timestamp(first),
        };
        return ErrorReason.None;
    }

    private static ErrorReason ReadWhole(JsonElement root, ReadOnlySpan<byte> name, long absent, out long value)
    {
        value = absent;
        if (!root.TryGetProperty(name, out var number)) return ErrorReason.None;
        if (number.ValueKind != JsonValueKind.Number) return ErrorReason.WrongType;
        return number.TryGetInt64(out value) ? ErrorReason.None : ErrorReason.NumberOutOfRange;
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
