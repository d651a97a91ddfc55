using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

[TestClass]
public sealed class ClientWebSocketConnectionTests : WebSocketConnectionContract
{
    internal override IWebSocketConnection Create(int messageBound) => new ClientWebSocketConnection(TimeSpan.FromMinutes(5), messageBound);
}
