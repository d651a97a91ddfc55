namespace Crypto.TradeIngest.Binance.Frames;

/// <summary>What a frame is. The reason beside it is <c>None</c> unless stated here.</summary>
internal enum FrameKind : byte
{
    /// <summary>A spot trade.</summary>
    Trade,

    /// <summary>The answer to a request: <c>{"result":null,"id":1}</c>.</summary>
    ControlReply,

    /// <summary>A refused request: <c>{"code":2,"msg":"…","id":1}</c> or <c>{"error":{"code":4,"msg":"…"},"id":1}</c>.</summary>
    ErrorReply,

    /// <summary>The server will close this connection: <c>{"e":"serverShutdown","E":…}</c>.</summary>
    ServerShutdown,

    /// <summary>An event of another type, such as <c>aggTrade</c>; the reason is <c>UnknownEvent</c>.</summary>
    OtherEvent,

    /// <summary>None of these, for the reason given.</summary>
    Failure,
}
