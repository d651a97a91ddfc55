using System.Text;
using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log;

[TestClass]
public sealed class PartitionerTests
{
    /// <summary>The vectors of Apache Kafka's own <c>UtilsTest.testMurmur2</c>.</summary>
    [TestMethod]
    [DataRow("21", -973932308)]
    [DataRow("foobar", -790332482)]
    [DataRow("a-little-bit-long-string", -985981536)]
    [DataRow("a-little-bit-longer-string", -1486304829)]
    [DataRow("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [DataRow("abc", 479470107)]
    public void Murmur2_KafkasVectors_GiveKafkasHashes(string key, int hash) =>
        Assert.AreEqual(hash, unchecked((int)Partitioner.Murmur2(Encoding.UTF8.GetBytes(key))));

    [TestMethod]
    [DataRow("21", 12)]
    [DataRow("foobar", 1024)]
    [DataRow("BTCUSDT", 3)]
    [DataRow("", 7)]
    public void Of_Key_IsThePositiveHashModuloPartitions(string key, int partitions)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        var expected = (unchecked((int)Partitioner.Murmur2(bytes)) & int.MaxValue) % partitions;

        Assert.AreEqual(expected, Partitioner.Of(bytes, partitions));
    }

    [TestMethod]
    public void Of_ManyKeys_UsesEveryPartition()
    {
        var used = Enumerable.Range(0, 200).Select(i => Partitioner.Of(Encoding.UTF8.GetBytes($"S{i}USDT"), 8)).ToHashSet();

        Assert.HasCount(8, used);
        Assert.IsTrue(used.All(partition => partition is >= 0 and < 8));
    }

    [TestMethod]
    public void Of_OnePartition_IsThatOne() => Assert.AreEqual(0, Partitioner.Of("any"u8, 1));
}
