using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>The implementations of the socket seam, by the name the configuration gives them.</summary>
internal static class WebSocketTransport
{
    public const string Default = "ClientWebSocket";

    private const string Package = "WebsocketClient";

    private static readonly string[] Names =
#if WEBSOCKET_CLIENT
        [Default, Package];
#else
        [Default];
#endif

    /// <summary>What is wrong with a name and what to do, or null when this build has it.</summary>
    public static string? FaultOf(string name) => name switch
    {
        _ when Names.Contains(name, StringComparer.Ordinal) => null,
        Package => $"'{name}' is not in this build; build with -p:WebsocketClient=true, or remove the setting for {Default}",
        _ => $"'{name}' does not exist, or no longer; remove the setting for {Default}, or choose among {string.Join(", ", Names)}",
    };

    public static IWebSocketConnection Create(string name, BinanceTradeStreamOptions options) => name switch
    {
        Default => new ClientWebSocketConnection(options.KeepAlive, options.MessageBytes),
#if WEBSOCKET_CLIENT
        Package => new WebsocketClientConnection(options.KeepAlive, options.MessageBytes),
#endif
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, FaultOf(name)),
    };
}
