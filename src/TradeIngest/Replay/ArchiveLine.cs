using System.Buffers.Text;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Replay;

/// <summary>
/// One line of the exchange's trade archive: <c>id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch</c>, times in microseconds since
/// 2025 and in milliseconds before.
/// <code>
/// 5866398099,78738.60000000,0.00059000,46.45577400,1770076800005000,True,True
/// </code>
/// </summary>
internal static class ArchiveLine
{
    private const int FieldCount = 7;

    /// <summary>The columns, in the order of a file without a header.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch"];

    /// <param name="quoteMatches">Whether price × quantity, rounded to eight decimals, is the line's own quote quantity.</param>
    /// <returns><see cref="ErrorReason.None"/>, or why there is no trade; <see cref="Explain"/> says where.</returns>
    public static ErrorReason TryParse(ReadOnlySpan<byte> line, Symbol symbol, Timestamp received, out Trade trade, out bool quoteMatches)
    {
        trade = default;
        quoteMatches = false;
        Values values;
        if (!TryParseAsPublished(line, out values))
        {
            var reason = ParseAnySpelling(line, out values, out _);
            if (reason != ErrorReason.None) return reason;
        }

        var price = new Price(values.Price);
        var quantity = new Quantity(values.Quantity);
        var time = Timestamp.FromUnixGuessingUnit(values.Time);
        quoteMatches = Amount.TryMultiply(price, quantity, out var amount) && amount.Scaled == values.QuoteQuantity;
        var side = values.BuyerIsMaker ? AggressorSide.Sell : AggressorSide.Buy;
        trade = new Trade(symbol, values.Id, price, quantity, time, time, received, side, IngestSource.Replay);
        return ErrorReason.None;
    }

    /// <summary>What is wrong with a line that <see cref="TryParse"/> refused, for a person.</summary>
    public static string Explain(ReadOnlySpan<byte> line)
    {
        var fields = line.Count((byte)',') + 1;
        if (fields != FieldCount) return $"{fields} fields instead of {FieldCount}";
        var reason = ParseAnySpelling(line, out _, out var field);
        return $"{Columns[field]}: {reason.Name()}";
    }

    private static bool TryParseAsPublished(ReadOnlySpan<byte> line, out Values values)
    {
        values = default;
        var scanner = new WireScanner(line);
        if (!scanner.TryReadInteger(out values.Id)
            || !scanner.Skip(","u8)
            || !scanner.TryReadFixedPoint(out values.Price)
            || !scanner.Skip(","u8)
            || !scanner.TryReadFixedPoint(out values.Quantity)
            || !scanner.Skip(","u8)
            || !scanner.TryReadFixedPoint(out values.QuoteQuantity)
            || !scanner.Skip(","u8)
            || !scanner.TryReadInteger(out values.Time))
        {
            return false;
        }

        values.BuyerIsMaker = scanner.Skip(",True"u8);
        return (values.BuyerIsMaker || scanner.Skip(",False"u8)) && scanner.Skip(",True"u8) && scanner.IsAtEnd;
    }

    private static ErrorReason ParseAnySpelling(ReadOnlySpan<byte> line, out Values values, out int field)
    {
        values = default;
        field = 0;
        foreach (var range in line.Split((byte)','))
        {
            var text = line[range];
            var reason = field switch
            {
                0 => ParseInteger(text, out values.Id),
                1 => JsonFields.ParseFixedPoint(text, out values.Price),
                2 => JsonFields.ParseFixedPoint(text, out values.Quantity),
                3 => JsonFields.ParseFixedPoint(text, out values.QuoteQuantity),
                4 => ParseInteger(text, out values.Time),
                5 => ParseFlag(text, out values.BuyerIsMaker),
                6 => ParseFlag(text, out _),
                _ => ErrorReason.MalformedLine,
            };
            if (reason != ErrorReason.None) return reason == ErrorReason.NumberOutOfRange ? reason : ErrorReason.MalformedLine;
            field++;
        }

        return field == FieldCount ? ErrorReason.None : ErrorReason.MalformedLine;
    }

    private static ErrorReason ParseInteger(ReadOnlySpan<byte> text, out long value)
    {
        var digits = text.StartsWith("-"u8) ? text[1..] : text;
        value = 0;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return ErrorReason.MalformedLine;
        return Utf8Parser.TryParse(text, out value, out _) ? ErrorReason.None : ErrorReason.NumberOutOfRange;
    }

    private static ErrorReason ParseFlag(ReadOnlySpan<byte> text, out bool value)
    {
        value = text.SequenceEqual("True"u8) || text.SequenceEqual("true"u8);
        return value || text.SequenceEqual("False"u8) || text.SequenceEqual("false"u8) ? ErrorReason.None : ErrorReason.MalformedLine;
    }

    private struct Values
    {
        public long Id;
        public long Price;
        public long Quantity;
        public long QuoteQuantity;
        public long Time;
        public bool BuyerIsMaker;
    }
}
