using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log;

[TestClass]
public sealed class RecordBatchTests
{
    [TestMethod]
    public void Add_BeyondTheFirstBuffers_KeepsEveryRecord()
    {
        using var batch = new RecordBatch();
        var random = new Random(1);
        var values = Enumerable.Range(0, 5_000).Select(i => new byte[i % 97]).ToArray();
        foreach (var value in values)
        {
            random.NextBytes(value);
            batch.Add([(byte)value.Length], value);
        }

        Assert.AreEqual(5_000, batch.Count);
        Assert.AreEqual(values.Sum(value => value.Length + 1), batch.Bytes);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.IsTrue(batch.Key(i).SequenceEqual([(byte)values[i].Length]));
            Assert.IsTrue(batch.Value(i).SequenceEqual(values[i]));
        }
    }

    [TestMethod]
    public void End_ShorterThanTheRoomAskedFor_TakesOnlyWhatWasWritten()
    {
        using var batch = new RecordBatch();
        "first"u8.CopyTo(batch.Begin("k"u8, 1_000));
        batch.End(5);
        batch.Add("k2"u8, "second"u8);

        Assert.IsTrue(batch.Value(0).SequenceEqual("first"u8));
        Assert.IsTrue(batch.Value(1).SequenceEqual("second"u8));
        Assert.AreEqual(14, batch.Bytes);
    }

    [TestMethod]
    public void Clear_AfterUse_StartsEmpty()
    {
        using var batch = new RecordBatch();
        batch.Add("k"u8, "old"u8);

        batch.Clear();
        batch.Add("k"u8, "new"u8);

        Assert.AreEqual((1, 4), (batch.Count, batch.Bytes));
        Assert.IsTrue(batch.Value(0).SequenceEqual("new"u8));
    }
}
