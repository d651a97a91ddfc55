using Crypto.TradeIngest.Binance;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class StreamEndpointTests
{
    [TestMethod]
    [DataRow("wss://stream.binance.com:9443", "wss://stream.binance.com:9443/stream?timeUnit=MICROSECOND")]
    [DataRow("wss://stream.binance.com:9443/", "wss://stream.binance.com:9443/stream?timeUnit=MICROSECOND")]
    [DataRow("wss://data-stream.binance.vision/stream", "wss://data-stream.binance.vision/stream?timeUnit=MICROSECOND")]
    [DataRow("ws://localhost:8080/exchange/stream?x=1", "ws://localhost:8080/exchange/stream?x=1&timeUnit=MICROSECOND")]
    [DataRow("ws://localhost:8080/stream?timeUnit=MILLISECOND", "ws://localhost:8080/stream?timeUnit=MILLISECOND")]
    [DataRow("http://localhost:8080", "ws://localhost:8080/stream?timeUnit=MICROSECOND")]
    public void From_Base_GivesTheCombinedStream(string given, string expected) =>
        Assert.AreEqual(expected, StreamEndpoint.From(new Uri(given)).AbsoluteUri);

    [TestMethod]
    public void From_OtherScheme_SaysWhatIsExpected() =>
        Assert.Contains("wss://", Assert.ThrowsExactly<ArgumentException>(() => StreamEndpoint.From(new Uri("ftp://x"))).Message);
}
