using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Hosting;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Tests.Sink;

/// <summary>A topic that not every client and broker tells the id of.</summary>
[TestClass]
public sealed class SinkPositionsTests
{
    private const string Topic = "trades";
    private const string Cluster = "kafka:c";

    [TestMethod]
    [DataRow(Cluster + "/a", new[] { Cluster + "=7" }, 7L, DisplayName = "The id was not known before")]
    [DataRow(Cluster, new[] { Cluster + "/a=7" }, 7L, DisplayName = "The id is not known now")]
    [DataRow(Cluster + "/a", new[] { Cluster + "=7", Cluster + "/a=9" }, 9L, DisplayName = "Before and after it was known")]
    [DataRow(Cluster, new[] { Cluster + "=7", Cluster + "/a=9" }, 9L, DisplayName = "Known once, not now")]
    [DataRow(Cluster + "/a", new[] { Cluster + "#1=7" }, 7L, DisplayName = "After a reset")]
    [DataRow(Cluster + "/b", new[] { Cluster + "/a=9" }, null, DisplayName = "Recreated")]
    [DataRow(Cluster + "/b", new[] { Cluster + "=7", Cluster + "/a=9" }, null, DisplayName = "Recreated after the id was adopted")]
    [DataRow(Cluster, new[] { Cluster + "/a=9", Cluster + "/b=3" }, null, DisplayName = "Either of two")]
    [DataRow("kafka:d", new[] { Cluster + "=7" }, null, DisplayName = "Another cluster")]
    public void Current_IdUnknownOnOneSide_IsTheSameTopic(string epoch, string[] stored, long? expected)
    {
        var positions = stored.Select(text => text.Split('=')).Select(
            pair => KeyValuePair.Create(new LogPartition(pair[0], Topic, 0), long.Parse(pair[1], null)));

        var current = SinkPositions.Current(positions, new NamedLog(epoch), Topic);

        Assert.AreEqual(expected, current.TryGetValue(0, out var position) ? position : null);
    }

    [TestMethod]
    [DataRow(Cluster + "/a", Cluster, Cluster + "/a")]
    [DataRow(Cluster, Cluster + "/a", Cluster + "/a")]
    [DataRow(Cluster + "/a", Cluster + "#2", Cluster + "/a#2")]
    public async Task ResumeAsync_IdUnknownOnOneSide_AdoptsIt(string epoch, string stored, string expected)
    {
        await using var warehouse = new MemoryWarehouse();
        warehouse.Stand(new LogPartition(stored, Topic, 0), 7);

        var resumed = await SinkPositions.ResumeAsync(new NamedLog(epoch), Topic, warehouse, reset: false, CancellationToken.None);

        Assert.AreEqual((expected, 7L), (resumed.Epoch, resumed.Next[0]));
    }

    private sealed class NamedLog(string epoch) : ITradeLog
    {
        public string Epoch => epoch.Split('/')[0];

        public int Partitions => 1;

        public string EpochOf(string topic) => epoch;

        public ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions) => throw new NotSupportedException();

        public ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken) =>
            new(new OffsetRange(0, 10));

        public ValueTask<long> TrimAsync(
            string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
