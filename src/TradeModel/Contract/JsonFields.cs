using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeModel.Contract;

/// <summary>
/// Reads single JSON values of a trade without allocating, with a reason where they do not fit. Used by the general path of the
/// parsers, on a reader that stands on the value.
/// </summary>
public static class JsonFields
{
    /// <summary>Bytes of the longest escape of one byte of text: <c>\u0041</c>.</summary>
    private const int MaxExpansion = 6;

    private const int StackLimit = 512;

    /// <summary>
    /// A JSON integer. A fraction or an exponent is <see cref="ErrorReason.WrongType"/>, more than 64 bits
    /// <see cref="ErrorReason.NumberOutOfRange"/>.
    /// </summary>
    public static ErrorReason ReadInteger(ref Utf8JsonReader reader, out long value)
    {
        value = 0;
        if (reader.TokenType != JsonTokenType.Number) return ErrorReason.WrongType;
        var text = reader.ValueSpan;
        if (Utf8Parser.TryParse(text, out value, out var consumed) && consumed == text.Length) return ErrorReason.None;
        value = 0;
        return text.ContainsAny((byte)'.', (byte)'e', (byte)'E') ? ErrorReason.WrongType : ErrorReason.NumberOutOfRange;
    }

    /// <summary>
    /// A decimal number in a JSON string. Text that is no plain decimal is <see cref="ErrorReason.WrongType"/>, one that eight
    /// decimals in 64 bits do not hold exactly <see cref="ErrorReason.NumberOutOfRange"/>.
    /// </summary>
    public static ErrorReason ReadFixedPoint(ref Utf8JsonReader reader, out long scaled)
    {
        scaled = 0;
        if (reader.TokenType != JsonTokenType.String) return ErrorReason.WrongType;
        if (!reader.ValueIsEscaped) return ParseFixedPoint(reader.ValueSpan, out scaled);

        var escaped = reader.ValueSpan;
        var rented = escaped.Length > StackLimit ? ArrayPool<byte>.Shared.Rent(escaped.Length) : null;
        var text = rented ?? stackalloc byte[StackLimit];
        var reason = TryUnescape(escaped, text, out var length) ? ParseFixedPoint(text[..length], out scaled) : ErrorReason.WrongType;
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return reason;
    }

    /// <summary>Parses decimal text with the reasons of <see cref="ReadFixedPoint"/>.</summary>
    public static ErrorReason ParseFixedPoint(ReadOnlySpan<byte> text, out long scaled)
    {
        if (FixedPoint.TryParse(text, out scaled)) return ErrorReason.None;
        return FixedPoint.IsDecimal(text) ? ErrorReason.NumberOutOfRange : ErrorReason.WrongType;
    }

    /// <summary>Finds or adds the symbol named by the content of a JSON string, still escaped if <paramref name="escaped"/>.</summary>
    public static ErrorReason Intern(SymbolTable symbols, ReadOnlySpan<byte> content, bool escaped, out Symbol? symbol)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        symbol = null;
        return TryGetText(content, escaped, stackalloc byte[SymbolTable.MaxTickerLength], out var ticker)
            && symbols.TryIntern(ticker, out symbol)
            ? ErrorReason.None
            : symbols.IsClosed ? ErrorReason.NotSubscribed : ErrorReason.BadSymbol;
    }

    /// <summary>Whether the content of a JSON string, still escaped if so said, reads <paramref name="expected"/>.</summary>
    public static bool TextEquals(ReadOnlySpan<byte> content, bool escaped, ReadOnlySpan<byte> expected) => escaped
        ? TryGetText(content, escaped, stackalloc byte[expected.Length], out var text) && text.SequenceEqual(expected)
        : content.SequenceEqual(expected);

    /// <summary>The content of a JSON string with its escapes resolved, into <paramref name="buffer"/> if there are any.</summary>
    /// <returns>False when it needs the buffer and does not fit, or is no Unicode text (a lone surrogate).</returns>
    public static bool TryGetText(ReadOnlySpan<byte> content, bool escaped, Span<byte> buffer, out ReadOnlySpan<byte> text)
    {
        text = content;
        if (!escaped) return true;
        if (content.Length > buffer.Length * MaxExpansion || !TryUnescape(content, buffer, out var length)) return false;
        text = buffer[..length];
        return true;
    }

    /// <summary>
    /// Resolves the escapes of a JSON string already known to be well-formed. Unlike
    /// <see cref="Utf8JsonReader.CopyString(Span{byte})"/> it throws nothing.
    /// </summary>
    /// <returns>False when <paramref name="destination"/> is too small or a surrogate stands alone.</returns>
    public static bool TryUnescape(ReadOnlySpan<byte> escaped, Span<byte> destination, out int written)
    {
        written = 0;
        while (!escaped.IsEmpty)
        {
            if (escaped[0] != (byte)'\\')
            {
                var plain = escaped.IndexOf((byte)'\\');
                if (plain < 0) plain = escaped.Length;
                if (!escaped[..plain].TryCopyTo(destination[written..])) return false;
                written += plain;
                escaped = escaped[plain..];
                continue;
            }

            if (!TryReadEscape(ref escaped, out var rune) || !rune.TryEncodeToUtf8(destination[written..], out var length)) return false;
            written += length;
        }

        return true;
    }

    private static bool TryReadEscape(ref ReadOnlySpan<byte> escaped, out Rune rune)
    {
        rune = default;
        if (escaped.Length < 2) return false;
        if (escaped[1] != (byte)'u')
        {
            rune = new Rune(escaped[1] switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                var itself => (char)itself,
            });
            escaped = escaped[2..];
            return true;
        }

        if (!TryReadUnit(ref escaped, out var unit)) return false;
        if (!char.IsSurrogate(unit))
        {
            rune = new Rune(unit);
            return true;
        }

        return char.IsHighSurrogate(unit) && TryReadUnit(ref escaped, out var low) && Rune.TryCreate(unit, low, out rune);
    }

    private static bool TryReadUnit(ref ReadOnlySpan<byte> escaped, out char unit)
    {
        unit = default;
        if (escaped.Length < MaxExpansion || !escaped.StartsWith("\\u"u8)) return false;
        if (!Utf8Parser.TryParse(escaped[2..MaxExpansion], out ushort value, out var consumed, 'x') || consumed != 4) return false;
        unit = (char)value;
        escaped = escaped[MaxExpansion..];
        return true;
    }
}
