using System.Text.Json;
using System.Text.Unicode;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Binance.Frames;

/// <summary>
/// Reads the frames of Binance's spot market streams, live or recorded, raw or combined, in milliseconds or microseconds.
/// <code>
/// {"e":"trade","E":1790446152679,"s":"BTCUSDT","t":6715234671,"p":"84106.09000000","q":"0.00007000","T":1790446152678,"m":true,"M":true}
/// {"stream":"btcusdt@trade","data":{"e":"trade", … }}
/// </code>
/// Keys may come in any order, with unknown ones between them. A repeated key is refused: which of two prices is meant is not
/// for a parser to choose. Never throws and, but for the first sight of a symbol and for malformed JSON,
/// allocates nothing. Prices and times are read, not judged.
/// </summary>
internal static class FrameParser
{
    /// <summary>Longest frame read. The longest that is expected lists 1,024 streams in some 30 KB.</summary>
    public const int MaxLength = 1 << 20;

    /// <param name="trade">The trade, or <c>default</c> when the frame is something else.</param>
    /// <param name="reason">Why a frame is an <see cref="FrameKind.OtherEvent"/> or a <see cref="FrameKind.Failure"/>.</param>
    public static FrameKind Parse(
        ReadOnlySpan<byte> frame, SymbolTable symbols, Timestamp received, IngestSource source, out Trade trade, out ErrorReason reason)
    {
        if (TryParseWireOrder(frame, symbols, received, source, out trade))
        {
            reason = ErrorReason.None;
            return FrameKind.Trade;
        }

        return ParseAnyOrder(frame, symbols, received, source, out trade, out reason);
    }

    /// <summary>The general path: slower by some factor, and the definition of what the fast path may accept.</summary>
    internal static FrameKind ParseAnyOrder(
        ReadOnlySpan<byte> frame, SymbolTable symbols, Timestamp received, IngestSource source, out Trade trade, out ErrorReason reason)
    {
        trade = default;
        reason = frame.Length > MaxLength ? ErrorReason.TooLarge : ErrorReason.MalformedJson;

        // The reader below checks UTF-8 only where text is asked for.
        if (frame.Length > MaxLength || !Utf8.IsValid(frame)) return FrameKind.Failure;

        var envelope = new FrameFields();
        try
        {
            var reader = new Utf8JsonReader(frame);
            reader.Read();
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            if (isObject) envelope.Read(ref reader);
            else reader.Skip();

            // Anything but blanks after the value is malformed, and the reader says so here.
            reader.Read();
            if (!isObject)
            {
                reason = ErrorReason.WrongType;
                return FrameKind.Failure;
            }
        }
        catch (JsonException)
        {
            return FrameKind.Failure;
        }

        return envelope.Classify(symbols, received, source, out trade, out reason);
    }

    // The bytes exactly as the exchange sends them today: nothing between, no escapes, eight decimals.
    private static bool TryParseWireOrder(
        ReadOnlySpan<byte> frame, SymbolTable symbols, Timestamp received, IngestSource source, out Trade trade)
    {
        trade = default;
        var scanner = new WireScanner(frame);
        var combined = scanner.Skip("{\"stream\":\""u8);
        if (combined && (!scanner.TryReadPlainString(out _) || !scanner.Skip(",\"data\":"u8))) return false;

        if (!scanner.Skip("{\"e\":\"trade\",\"E\":"u8)
            || !scanner.TryReadInteger(out var eventTime)
            || !scanner.Skip(",\"s\":\""u8)
            || !scanner.TryReadPlainString(out var ticker)
            || !scanner.Skip(",\"t\":"u8)
            || !scanner.TryReadInteger(out var id)
            || !scanner.Skip(",\"p\":\""u8)
            || !scanner.TryReadFixedPoint(out var price)
            || !scanner.Skip("\",\"q\":\""u8)
            || !scanner.TryReadFixedPoint(out var quantity)
            || !scanner.Skip("\",\"T\":"u8)
            || !scanner.TryReadInteger(out var tradeTime))
        {
            return false;
        }

        AggressorSide side;
        if (scanner.Skip(",\"m\":true,\"M\":true}"u8)) side = AggressorSide.Sell;
        else if (scanner.Skip(",\"m\":false,\"M\":true}"u8)) side = AggressorSide.Buy;
        else return false;

        if (combined && !scanner.Skip("}"u8)) return false;
        if (!scanner.IsAtEnd || !symbols.TryIntern(ticker, out var symbol)) return false;

        trade = new Trade(
            symbol,
            id,
            new Price(price),
            new Quantity(quantity),
            Timestamp.FromUnixGuessingUnit(eventTime),
            Timestamp.FromUnixGuessingUnit(tradeTime),
            received,
            side,
            source);
        return true;
    }
}
