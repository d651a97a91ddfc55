namespace Crypto.TradeModel.Quality;

/// <summary>Why a trade or a record is not believed. <see cref="None"/> means valid. Stored by <see cref="ErrorReasons.Name"/>.</summary>
public enum ErrorReason : byte
{
    None = 0,

    // Bytes that could not be understood.
    MalformedJson,
    MissingField,
    DuplicateField,
    WrongType,
    NumberOutOfRange,
    BadSymbol,
    TooLarge,

    // Understood, and not a spot trade.
    NotSpotTrade,
    UnknownEvent,

    // A trade that cannot be true.
    PriceNotPositive,
    QuantityNotPositive,
    TradeIdOutOfRange,
    TimeOutOfRange,

    // A topic value written by something else.
    UnknownContractVersion,

    // A line of a file.
    MalformedLine,

    // A trade whose id is stored with another content.
    ContentConflict,

    // The content that a correction replaced.
    ContentReplaced,

    // A frame of a symbol that its connection did not subscribe.
    NotSubscribed,

    // A streamed trade whose id is far from the others of its symbol, which no later one bore out.
    TradeIdImplausible,
}
