using System.Numerics;
using System.Text.Json;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Contract;

/// <summary>The fields of one topic value, in any order.</summary>
internal ref struct TradeJsonFields
{
    private const int FieldCount = 11;
    private const int LongestName = 14;

    private int _seen;
    private bool _duplicated;
    private ErrorReason _fault;
    private ErrorReason _versionFault;
    private long _version;
    private ReadOnlySpan<byte> _symbol;
    private bool _symbolEscaped;
    private long _id;
    private long _price;
    private long _quantity;
    private long _eventTime;
    private long _tradeTime;
    private long _receivedTime;
    private AggressorSide _side;
    private IngestSource _source;

    private enum Field
    {
        Unknown = -1,
        Version,
        Exchange,
        Symbol,
        TradeId,
        Price,
        Quantity,
        EventTime,
        TradeTime,
        ReceivedTime,
        AggressorSide,
        Source,
    }

    /// <summary>Reads to the end of the object that <paramref name="reader"/> stands at the start of.</summary>
    /// <exception cref="JsonException">It is malformed.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = FieldOf(ref reader);
            reader.Read();
            if (field != Field.Unknown)
            {
                _duplicated |= (_seen & (1 << (int)field)) != 0;
                _seen |= 1 << (int)field;
                Take(field, ref reader);
            }

            reader.Skip();
        }
    }

    /// <summary>
    /// The trade, or the most telling fault: what another version wrote is not blamed for the fields it lacks, and a repeated
    /// field is not read at all.
    /// </summary>
    public readonly ErrorReason ToTrade(SymbolTable symbols, out Trade trade)
    {
        trade = default;
        if (_duplicated) return ErrorReason.DuplicateField;
        if (_versionFault != ErrorReason.None) return _versionFault;
        if ((_seen & (1 << (int)Field.Version)) != 0 && _version != TradeJson.Version) return ErrorReason.UnknownContractVersion;
        if (BitOperations.PopCount((uint)_seen) < FieldCount) return ErrorReason.MissingField;
        if (_fault != ErrorReason.None) return _fault;

        var reason = JsonFields.Intern(symbols, _symbol, _symbolEscaped, out var symbol);
        if (reason != ErrorReason.None) return reason;
        trade = new Trade(
            symbol!,
            _id,
            new Price(_price),
            new Quantity(_quantity),
            new Timestamp(_eventTime),
            new Timestamp(_tradeTime),
            new Timestamp(_receivedTime),
            _side,
            _source);
        return ErrorReason.None;
    }

    private void Take(Field field, ref Utf8JsonReader reader)
    {
        if (field == Field.Version)
        {
            _versionFault = JsonFields.ReadInteger(ref reader, out _version);
            return;
        }

        var reason = field switch
        {
            Field.Exchange => TakeExchange(ref reader),
            Field.Symbol => TakeSymbol(ref reader),
            Field.TradeId => JsonFields.ReadInteger(ref reader, out _id),
            Field.Price => JsonFields.ReadFixedPoint(ref reader, out _price),
            Field.Quantity => JsonFields.ReadFixedPoint(ref reader, out _quantity),
            Field.EventTime => JsonFields.ReadInteger(ref reader, out _eventTime),
            Field.TradeTime => JsonFields.ReadInteger(ref reader, out _tradeTime),
            Field.ReceivedTime => JsonFields.ReadInteger(ref reader, out _receivedTime),
            Field.AggressorSide => TakeSide(ref reader),
            _ => TakeSource(ref reader),
        };
        if (_fault == ErrorReason.None) _fault = reason;
    }

    // Another exchange's trade is not of this contract's version 1, in which there is one exchange.
    private static ErrorReason TakeExchange(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) return ErrorReason.WrongType;
        return JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "BINANCE"u8)
            ? ErrorReason.None
            : ErrorReason.UnknownContractVersion;
    }

    private ErrorReason TakeSymbol(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) return ErrorReason.WrongType;
        _symbol = reader.ValueSpan;
        _symbolEscaped = reader.ValueIsEscaped;
        return ErrorReason.None;
    }

    private ErrorReason TakeSide(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) return ErrorReason.WrongType;
        if (JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "BUY"u8)) _side = AggressorSide.Buy;
        else if (JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "SELL"u8)) _side = AggressorSide.Sell;
        else return ErrorReason.WrongType;
        return ErrorReason.None;
    }

    private ErrorReason TakeSource(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) return ErrorReason.WrongType;
        if (JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "STREAM"u8)) _source = IngestSource.Stream;
        else if (JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "BACKFILL"u8)) _source = IngestSource.Backfill;
        else if (JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "REPLAY"u8)) _source = IngestSource.Replay;
        else if (JsonFields.TextEquals(reader.ValueSpan, reader.ValueIsEscaped, "CORRECTION"u8)) _source = IngestSource.Correction;
        else return ErrorReason.WrongType;
        return ErrorReason.None;
    }

    private static Field FieldOf(ref Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[LongestName];
        if (!JsonFields.TryGetText(reader.ValueSpan, reader.ValueIsEscaped, buffer, out var name)) return Field.Unknown;
        if (name.SequenceEqual("version"u8)) return Field.Version;
        if (name.SequenceEqual("exchange"u8)) return Field.Exchange;
        if (name.SequenceEqual("symbol"u8)) return Field.Symbol;
        if (name.SequenceEqual("trade_id"u8)) return Field.TradeId;
        if (name.SequenceEqual("price"u8)) return Field.Price;
        if (name.SequenceEqual("quantity"u8)) return Field.Quantity;
        if (name.SequenceEqual("event_time"u8)) return Field.EventTime;
        if (name.SequenceEqual("trade_time"u8)) return Field.TradeTime;
        if (name.SequenceEqual("received_time"u8)) return Field.ReceivedTime;
        if (name.SequenceEqual("aggressor_side"u8)) return Field.AggressorSide;
        return name.SequenceEqual("source"u8) ? Field.Source : Field.Unknown;
    }
}
