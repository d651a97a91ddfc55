using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

[TestClass]
public sealed class GroupReadinessTests
{
    private const long MaxLag = 100;

    [TestMethod]
    [DataRow(new long[] { 0, 100 }, true)]
    [DataRow(new long[] { 101, 102 }, false)]
    [DataRow(new long[] { 101, 101 }, false)]
    [DataRow(new long[] { 5_000, 4_999 }, true)]
    [DataRow(new long[] { 5_000, 5_001, 99 }, true)]
    public void Check_Lags_IsReadyNearTheEndOrNearingIt(long[] lags, bool expected)
    {
        long end = 0;
        var readiness = new GroupReadiness(_ => new OffsetRange(0, end), MaxLag);

        var isReady = false;
        foreach (var lag in lags)
        {
            end = lag;
            isReady = readiness.Check(new Dictionary<int, long> { [0] = 0 });
        }

        Assert.AreEqual(expected, isReady);
    }

    [TestMethod]
    public void Check_NoPartitionsAndNoTopic_IsNotReady()
    {
        var readiness = new GroupReadiness(_ => throw new StorageException(StorageFault.Missing, "no topic"), MaxLag);

        Assert.IsFalse(readiness.Check(new Dictionary<int, long>()));
    }

    [TestMethod]
    public void Check_NoPartitionsOfATopicThatIsThere_IsReady() =>
        Assert.IsTrue(new GroupReadiness(_ => new OffsetRange(0, 1_000), MaxLag).Check(new Dictionary<int, long>()));
}
