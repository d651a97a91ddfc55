using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>The implementations of the socket seam, by the name the configuration gives them.</summary>
internal static class WebSocketTransport
{
    public const string Default = "Framed";

    public static readonly IReadOnlyList<string> Names =
#if WEBSOCKET_CLIENT
        [Default, "ClientWebSocket", "WebsocketClient"];
#else
        [Default, "ClientWebSocket"];
#endif

    public static IWebSocketConnection Create(string name, BinanceTradeStreamOptions options, TimeProvider clock) => name switch
    {
        Default => new FramedConnection(options.KeepAlive, clock, options.MessageBytes),
        "ClientWebSocket" => new ClientWebSocketConnection(options.KeepAlive, options.MessageBytes),
#if WEBSOCKET_CLIENT
        "WebsocketClient" => new WebsocketClientConnection(options.KeepAlive, options.MessageBytes),
#endif
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such transport in this build."),
    };
}
