using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

[TestClass]
public sealed class WebsocketClientConnectionTests : WebSocketConnectionContract
{
    internal override IWebSocketConnection Create(TimeSpan keepAlive, int messageBound) =>
        new WebsocketClientConnection(keepAlive, messageBound);
}
