using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crypto.TradeIngest.Commands.Queries;

/// <summary>Objects with the columns as their members: in one array, or one to a line. Bytes are base64.</summary>
internal sealed class JsonRowWriter : RowWriter
{
    private readonly JsonEncodedText[] _names;
    private readonly Stream _output;
    private readonly bool _isLines;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    public JsonRowWriter(IReadOnlyList<string> columns, Stream output, bool isLines)
    {
        _names = [.. Distinct(columns).Select(name => JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping))];
        _output = output;
        _isLines = isLines;
        _json = new Utf8JsonWriter(
            _buffer, new JsonWriterOptions { Indented = !isLines, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        if (!isLines) _json.WriteStartArray();
    }

    public override void Write(object?[] row)
    {
        _json.WriteStartObject();
        for (var i = 0; i < row.Length; i++) WriteValue(_names[i], row[i]);
        _json.WriteEndObject();
        Flush();
        if (!_isLines) return;
        _output.WriteByte((byte)'\n');
        _json.Reset();
    }

    public override void Complete()
    {
        if (_isLines) return;
        _json.WriteEndArray();
        Flush();
        _output.WriteByte((byte)'\n');
    }

    public override void Dispose() => _json.Dispose();

    // Of two members with one name, readers keep one.
    private static IEnumerable<string> Distinct(IReadOnlyList<string> columns)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            var name = column;
            for (var n = 2; !taken.Add(name); n++) name = $"{column}_{n}";
            yield return name;
        }
    }

    private void WriteValue(JsonEncodedText name, object? value)
    {
        switch (value)
        {
            case null:
                _json.WriteNull(name);
                break;
            case long integer:
                _json.WriteNumber(name, integer);
                break;
            case double number when double.IsFinite(number):
                _json.WriteNumber(name, number);
                break;
            case bool flag:
                _json.WriteBoolean(name, flag);
                break;
            case byte[] bytes:
                _json.WriteBase64String(name, bytes);
                break;
            default:
                _json.WriteString(name, Text(value));
                break;
        }
    }

    private void Flush()
    {
        _json.Flush();
        _output.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }
}
