using System.Text.Json;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Binance.Frames;

/// <summary>
/// The outermost object of a frame: an event itself, an envelope <c>{"stream":…,"data":…}</c> around one, or a reply. Which of them
/// is known only at its end, so everything is collected and then classified.
/// </summary>
internal ref struct FrameFields
{
    private const int LongestName = 6;

    private EventFields _event;
    private EventFields _data;
    private Keys _seen;
    private Keys _repeated;
    private ErrorReason _streamFault;
    private ErrorReason _dataFault;

    [Flags]
    private enum Keys
    {
        None = 0,
        Stream = 1,
        Data = 2,
        Result = 4,
        Id = 8,
        Code = 16,
        Message = 32,
        Error = 64,
    }

    /// <summary>Reads to the end of the object that <paramref name="reader"/> stands at the start of.</summary>
    /// <exception cref="JsonException">It is malformed.</exception>
    public void Read(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var letter = EventFields.LetterOf(ref reader);
            var key = letter == 0 ? KeyOf(ref reader) : Keys.None;
            reader.Read();
            if (letter != 0) _event.Take(letter, ref reader);
            else Take(key, ref reader);
            reader.Skip();
        }
    }

    /// <summary>
    /// An event has its type in <c>e</c>; its other members are ignored. Without one it is a reply if it looks like
    /// one, and an envelope otherwise.
    /// </summary>
    public readonly FrameKind Classify(
        SymbolTable symbols, Timestamp received, IngestSource source, out Trade trade, out ErrorReason reason)
    {
        if (_event.HasType) return _event.Classify(symbols, received, source, out trade, out reason);

        trade = default;
        reason = ErrorReason.None;
        if (Has(Keys.Error) || Has(Keys.Code | Keys.Message)) return FrameKind.ErrorReply;
        if (Has(Keys.Result | Keys.Id)) return FrameKind.ControlReply;
        if (!Has(Keys.Stream | Keys.Data)) reason = ErrorReason.MissingField;
        else if ((_repeated & (Keys.Stream | Keys.Data)) != Keys.None) reason = ErrorReason.DuplicateField;
        else if (_streamFault != ErrorReason.None) reason = _streamFault;
        else if (_dataFault != ErrorReason.None) reason = _dataFault;
        else return _data.Classify(symbols, received, source, out trade, out reason);
        return FrameKind.Failure;
    }

    private readonly bool Has(Keys keys) => (_seen & keys) == keys;

    private void Take(Keys key, ref Utf8JsonReader reader)
    {
        _repeated |= _seen & key;
        _seen |= key;
        if (key == Keys.Stream)
        {
            if (reader.TokenType != JsonTokenType.String) _streamFault = ErrorReason.WrongType;
        }
        else if (key == Keys.Data)
        {
            // Read once: a repeated envelope is refused unless it is an extra of an event.
            if (reader.TokenType != JsonTokenType.StartObject) _dataFault = ErrorReason.WrongType;
            else if ((_repeated & Keys.Data) == Keys.None) _data.Read(ref reader);
        }
    }

    private static Keys KeyOf(ref Utf8JsonReader reader)
    {
        if (!JsonFields.TryGetText(reader.ValueSpan, reader.ValueIsEscaped, stackalloc byte[LongestName], out var name)) return Keys.None;
        if (name.SequenceEqual("stream"u8)) return Keys.Stream;
        if (name.SequenceEqual("data"u8)) return Keys.Data;
        if (name.SequenceEqual("result"u8)) return Keys.Result;
        if (name.SequenceEqual("id"u8)) return Keys.Id;
        if (name.SequenceEqual("code"u8)) return Keys.Code;
        if (name.SequenceEqual("msg"u8)) return Keys.Message;
        return name.SequenceEqual("error"u8) ? Keys.Error : Keys.None;
    }
}
