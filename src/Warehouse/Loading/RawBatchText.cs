using System.Buffers;
using System.Text.Json;

namespace Crypto.Warehouse.Loading;

/// <summary>
/// Joins the values of consecutive records into the JSON array that one row of <c>RAW_BATCHES</c> holds. A value that is no JSON
/// object stands there as <c>{"unreadable":"…base64…"}</c>: nothing of it is lost and the array stays readable.
/// </summary>
internal sealed class RawBatchText
{
    private readonly ArrayBufferWriter<byte> _text = new(64 * 1024);

    public ReadOnlySpan<byte> Utf8 => _text.WrittenSpan;

    public void Clear() => _text.ResetWrittenCount();

    public void Open(ReadOnlySpan<byte> value, bool isKnownJson)
    {
        Clear();
        _text.Write("["u8);
        Append(value, isKnownJson);
    }

    public void Continue(ReadOnlySpan<byte> value, bool isKnownJson)
    {
        _text.Write(","u8);
        Append(value, isKnownJson);
    }

    public void Close() => _text.Write("]"u8);

    private void Append(ReadOnlySpan<byte> value, bool isKnownJson)
    {
        if (isKnownJson || IsJsonObject(value))
        {
            _text.Write(value);
            return;
        }

        using var writer = new Utf8JsonWriter(_text);
        writer.WriteStartObject();
        writer.WriteBase64String("unreadable", value);
        writer.WriteEndObject();
    }

    internal static bool IsJsonObject(ReadOnlySpan<byte> value)
    {
        try
        {
            // The views look into each value by field name, which other JSON would make an error of.
            var reader = new Utf8JsonReader(value);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read())
            {
                // A string that is not well-formed text would make the array unreadable for others.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) _ = reader.GetString();
            }

            return true;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
