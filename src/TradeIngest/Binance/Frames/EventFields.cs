using System.Text.Json;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Binance.Frames;

/// <summary>
/// The one-letter fields of one event, collected in any order. A fault in one of them counts only if the event
/// turns out to be a trade: other events use the same letters for other things.
/// </summary>
internal ref struct EventFields
{
    private Keys _seen;
    private Keys _repeated;
    private ErrorReason _fault;
    private ReadOnlySpan<byte> _type;
    private bool _typeIsEscaped;
    private bool _typeIsText;
    private ReadOnlySpan<byte> _symbol;
    private bool _symbolIsEscaped;
    private long _eventTime;
    private long _tradeTime;
    private long _id;
    private long _price;
    private long _quantity;
    private bool _buyerIsMaker;

    [Flags]
    private enum Keys
    {
        None = 0,
        Type = 1,
        EventTime = 2,
        Symbol = 4,
        Id = 8,
        Price = 16,
        Quantity = 32,
        TradeTime = 64,
        BuyerIsMaker = 128,
        Required = 255,
        BestMatch = 256,
        FuturesOrderType = 512,
    }

    public readonly bool HasType => (_seen & Keys.Type) != Keys.None;

    /// <summary>Reads to the end of the object that <paramref name="reader"/> stands at the start of.</summary>
    /// <exception cref="JsonException">It is malformed.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var letter = LetterOf(ref reader);
            reader.Read();
            Take(letter, ref reader);
            reader.Skip();
        }
    }

    /// <summary>The property name the reader stands on if it is one ASCII letter, otherwise 0.</summary>
    public static byte LetterOf(ref Utf8JsonReader reader) =>
        JsonFields.TryGetText(reader.ValueSpan, reader.ValueIsEscaped, stackalloc byte[1], out var name) && name.Length == 1
            ? name[0]
            : (byte)0;

    /// <summary>Takes the value that <paramref name="reader"/> stands on, if <paramref name="letter"/> names a field of a trade.</summary>
    public void Take(byte letter, ref Utf8JsonReader reader)
    {
        var key = KeyOf(letter);
        _repeated |= _seen & key;
        _seen |= key;
        var reason = key switch
        {
            Keys.Type => TakeType(ref reader),
            Keys.EventTime => JsonFields.ReadInteger(ref reader, out _eventTime),
            Keys.Symbol => TakeSymbol(ref reader),
            Keys.Id => JsonFields.ReadInteger(ref reader, out _id),
            Keys.Price => JsonFields.ReadFixedPoint(ref reader, out _price),
            Keys.Quantity => JsonFields.ReadFixedPoint(ref reader, out _quantity),
            Keys.TradeTime => JsonFields.ReadInteger(ref reader, out _tradeTime),
            Keys.BuyerIsMaker => TakeBuyerIsMaker(ref reader),
            _ => ErrorReason.None,
        };
        if (_fault == ErrorReason.None) _fault = reason;
    }

    public readonly FrameKind Classify(
        SymbolTable symbols, Timestamp received, IngestSource source, out Trade trade, out ErrorReason reason)
    {
        trade = default;
        reason = ErrorReason.None;
        if (!HasType) reason = ErrorReason.MissingField;
        else if ((_repeated & Keys.Type) != Keys.None) reason = ErrorReason.DuplicateField;
        else if (!_typeIsText) reason = ErrorReason.WrongType;
        if (reason != ErrorReason.None) return FrameKind.Failure;

        if (JsonFields.TextEquals(_type, _typeIsEscaped, "serverShutdown"u8)) return FrameKind.ServerShutdown;
        if (!JsonFields.TextEquals(_type, _typeIsEscaped, "trade"u8))
        {
            reason = ErrorReason.UnknownEvent;
            return FrameKind.OtherEvent;
        }

        reason = ToTrade(symbols, received, source, out trade);
        return reason == ErrorReason.None ? FrameKind.Trade : FrameKind.Failure;
    }

    // In this order: what it is not, what is ambiguous, what is absent, then the first field at fault.
    private readonly ErrorReason ToTrade(SymbolTable symbols, Timestamp received, IngestSource source, out Trade trade)
    {
        trade = default;
        if ((_seen & Keys.FuturesOrderType) != Keys.None) return ErrorReason.NotSpotTrade;
        if (_repeated != Keys.None) return ErrorReason.DuplicateField;
        if ((_seen & Keys.Required) != Keys.Required) return ErrorReason.MissingField;
        if (_fault != ErrorReason.None) return _fault;

        var reason = JsonFields.Intern(symbols, _symbol, _symbolIsEscaped, out var symbol);
        if (reason != ErrorReason.None) return reason;
        trade = new Trade(
            symbol!,
            _id,
            new Price(_price),
            new Quantity(_quantity),
            Timestamp.FromUnixGuessingUnit(_eventTime),
            Timestamp.FromUnixGuessingUnit(_tradeTime),
            received,
            _buyerIsMaker ? AggressorSide.Sell : AggressorSide.Buy,
            source);
        return ErrorReason.None;
    }

    private ErrorReason TakeType(ref Utf8JsonReader reader)
    {
        _typeIsText = reader.TokenType == JsonTokenType.String;
        _type = _typeIsText ? reader.ValueSpan : default;
        _typeIsEscaped = _typeIsText && reader.ValueIsEscaped;
        return ErrorReason.None;
    }

    private ErrorReason TakeSymbol(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String) return ErrorReason.WrongType;
        _symbol = reader.ValueSpan;
        _symbolIsEscaped = reader.ValueIsEscaped;
        return ErrorReason.None;
    }

    private ErrorReason TakeBuyerIsMaker(ref Utf8JsonReader reader)
    {
        _buyerIsMaker = reader.TokenType == JsonTokenType.True;
        return reader.TokenType is JsonTokenType.True or JsonTokenType.False ? ErrorReason.None : ErrorReason.WrongType;
    }

    private static Keys KeyOf(byte letter) => letter switch
    {
        (byte)'e' => Keys.Type,
        (byte)'E' => Keys.EventTime,
        (byte)'s' => Keys.Symbol,
        (byte)'t' => Keys.Id,
        (byte)'p' => Keys.Price,
        (byte)'q' => Keys.Quantity,
        (byte)'T' => Keys.TradeTime,
        (byte)'m' => Keys.BuyerIsMaker,
        (byte)'M' => Keys.BestMatch,
        (byte)'X' => Keys.FuturesOrderType,
        _ => Keys.None,
    };
}
