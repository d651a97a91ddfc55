using System.Buffers;
using System.Buffers.Text;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// Writes the columns of one row. Names are the columns' exact names, in upper case and without anything that needs an escape.
/// A column that is not written is null.
/// </summary>
public ref struct RowWriter
{
    private const int MaxInteger = 20;
    private const int MaxExpansion = 6;
    private const int TimestampLength = 26;

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    private readonly RowBatch _batch;
    private bool _hasColumns;

    internal RowWriter(RowBatch batch) => _batch = batch;

    public void Number(scoped ReadOnlySpan<byte> column, long value)
    {
        Name(column, MaxInteger);
        Utf8Formatter.TryFormat(value, _batch.Reserve(MaxInteger), out var written);
        _batch.Advance(written);
    }

    /// <summary>A decimal with eight places, in quotes: JSON numbers pass through binary floating point in many readers.</summary>
    public void FixedPoint(scoped ReadOnlySpan<byte> column, long scaled)
    {
        Name(column, TradeModel.Numbers.FixedPoint.MaxLength + 2);
        Put((byte)'"');
        TradeModel.Numbers.FixedPoint.TryFormat(scaled, _batch.Reserve(TradeModel.Numbers.FixedPoint.MaxLength), out var written);
        _batch.Advance(written);
        Put((byte)'"');
    }

    /// <summary>An instant in UTC: <c>"2026-02-03T00:00:00.005000"</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The year is not within 1 to 9999.</exception>
    public void Timestamp(scoped ReadOnlySpan<byte> column, Timestamp value)
    {
        Name(column, TimestampLength + 2);
        Put((byte)'"');
        Format(value, _batch.Reserve(TimestampLength));
        _batch.Advance(TimestampLength);
        Put((byte)'"');
    }

    /// <summary>Text.</summary>
    /// <param name="utf8">Well-formed UTF-8.</param>
    public void Text(scoped ReadOnlySpan<byte> column, scoped ReadOnlySpan<byte> utf8)
    {
        Name(column, utf8.Length + 2);
        Put((byte)'"');
        for (var plain = utf8.IndexOfAny(MustEscape); plain >= 0; plain = utf8.IndexOfAny(MustEscape))
        {
            Put(utf8[..plain]);
            Escape(utf8[plain]);
            utf8 = utf8[(plain + 1)..];
        }

        Put(utf8);
        Put((byte)'"');
    }

    /// <summary>A JSON value as it stands, for VARIANT columns. Line breaks, which can stand between tokens only, become blanks.</summary>
    /// <param name="json">One well-formed JSON value.</param>
    public void Json(scoped ReadOnlySpan<byte> column, scoped ReadOnlySpan<byte> json)
    {
        Name(column, json.Length);
        var destination = _batch.Reserve(json.Length)[..json.Length];
        json.CopyTo(destination);
        destination.Replace((byte)'\n', (byte)' ');
        destination.Replace((byte)'\r', (byte)' ');
        _batch.Advance(json.Length);
    }

    /// <summary>Bytes as a JSON object <c>{"name":"…base64…"}</c>, for VARIANT columns.</summary>
    public void Base64Object(scoped ReadOnlySpan<byte> column, scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> bytes)
    {
        Name(column, name.Length + Base64.GetMaxEncodedToUtf8Length(bytes.Length) + 8);
        Put("{\""u8);
        Put(name);
        Put("\":\""u8);
        Base64.EncodeToUtf8(bytes, _batch.Reserve(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        _batch.Advance(written);
        Put("\"}"u8);
    }

    /// <summary>Completes the row.</summary>
    public readonly void End()
    {
        if (!_hasColumns) Put((byte)'{');
        Put("}\n"u8);
        _batch.EndRow();
    }

    /// <summary>Writes <c>2026-02-03T00:00:00.005000</c>: 26 bytes.</summary>
    internal static int Format(Timestamp value, Span<byte> text)
    {
        var time = value.ToDateTimeOffset();
        Digits(text, 0, 4, time.Year);
        text[4] = text[7] = (byte)'-';
        Digits(text, 5, 2, time.Month);
        Digits(text, 8, 2, time.Day);
        text[10] = (byte)'T';
        Digits(text, 11, 2, time.Hour);
        text[13] = text[16] = (byte)':';
        Digits(text, 14, 2, time.Minute);
        Digits(text, 17, 2, time.Second);
        text[19] = (byte)'.';
        Digits(text, 20, 6, (int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        return TimestampLength;
    }

    private static void Digits(Span<byte> text, int start, int count, int value)
    {
        for (var i = start + count - 1; i >= start; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            text[i] = (byte)('0' + digit);
        }
    }

    private void Name(scoped ReadOnlySpan<byte> column, int room)
    {
        _batch.Reserve(column.Length + room + 8);
        Put(_hasColumns ? ",\""u8 : "{\""u8);
        _hasColumns = true;
        Put(column);
        Put("\":"u8);
    }

    private readonly void Escape(byte character)
    {
        if (character >= 0x20)
        {
            Put((byte)'\\');
            Put(character);
            return;
        }

        Put("\\u00"u8);
        Utf8Formatter.TryFormat(character, _batch.Reserve(MaxExpansion), out var written, new StandardFormat('x', 2));
        _batch.Advance(written);
    }

    private readonly void Put(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_batch.Reserve(bytes.Length));
        _batch.Advance(bytes.Length);
    }

    private readonly void Put(byte value)
    {
        _batch.Reserve(1)[0] = value;
        _batch.Advance(1);
    }
}
