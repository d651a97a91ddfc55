using Crypto.TradeIngest.Binance;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class BinanceTradeStreamOptionsTests
{
    [TestMethod]
    public void Validate_Defaults_AreValid() => Assert.IsEmpty(new BinanceTradeStreamOptions().Validate().ToArray());

    [TestMethod]
    public void Validate_SeveralFaults_AreAllReported()
    {
        var faults = new BinanceTradeStreamOptions
        {
            Endpoint = new Uri("ftp://x"),
            StreamsPerConnection = 1025,
            ControlMessagesPerSecond = 5,
            ConnectionLifetime = TimeSpan.FromHours(24),
            SilenceTimeout = TimeSpan.Zero,
        }.Validate().ToArray();

        Assert.HasCount(5, faults);
    }

    [TestMethod]
    public void Validate_WithoutSilenceWatch_IsValid() =>
        Assert.IsEmpty(new BinanceTradeStreamOptions { SilenceTimeout = Timeout.InfiniteTimeSpan }.Validate().ToArray());
}
