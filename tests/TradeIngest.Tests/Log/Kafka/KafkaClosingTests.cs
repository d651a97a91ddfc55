using Confluent.Kafka;
using Crypto.TestSupport;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

[TestClass]
public sealed class KafkaClosingTests
{
    [TestMethod]
    public void TryClose_NeverEnds_IsLeftBehind()
    {
        using var never = new ManualResetEventSlim();

        Assert.IsFalse(KafkaClosing.TryClose(never.Wait, "it", TimeSpan.FromMilliseconds(10), NullLogger.Instance));

        never.Set();
    }

    [TestMethod]
    public void TryClose_EndsWithAnErrorOfTheBrokers_HasClosed() => Assert.IsTrue(KafkaClosing.TryClose(
        static () => throw new KafkaException(ErrorCode.UnknownMemberId), "it", Patience.Limit, NullLogger.Instance));
}
