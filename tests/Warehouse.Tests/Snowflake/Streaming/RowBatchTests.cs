using System.Text;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake.Streaming;

[TestClass]
public sealed class RowBatchTests
{
    [TestMethod]
    public void BeginRow_EveryKindOfValue_ReadsBackAsWritten()
    {
        using var batch = new RowBatch();
        var text = "quote \" backslash \\ control \u0001\n\r\t and 币安 🚀"u8;
        var row = batch.BeginRow(5);
        row.Number("A"u8, long.MinValue);
        row.FixedPoint("B"u8, -1);
        row.Timestamp("C"u8, Timestamp.Parse("2026-02-03T04:05:06.000007Z"));
        row.Text("D"u8, text);
        row.Json("E"u8, "{\"x\":\n[1,\r\n2]}"u8);
        row.Base64Object("F"u8, "unreadable"u8, [0xFF, 0]);
        row.End();
        batch.BeginRow(7).End();

        var lines = Encoding.UTF8.GetString(batch.Body).Split('\n');
        Assert.HasCount(3, lines);
        Assert.AreEqual("{}", lines[1]);
        Assert.AreEqual("", lines[2], "Every line is ended.");
        using var json = JsonDocument.Parse(lines[0]);
        Assert.AreEqual(long.MinValue, json.RootElement.GetProperty("A").GetInt64());
        Assert.AreEqual("-0.00000001", json.RootElement.GetProperty("B").GetString());
        Assert.AreEqual("2026-02-03T04:05:06.000007", json.RootElement.GetProperty("C").GetString());
        Assert.AreEqual(Encoding.UTF8.GetString(text), json.RootElement.GetProperty("D").GetString());
        Assert.AreEqual(2, json.RootElement.GetProperty("E").GetProperty("x")[1].GetInt32());
        Assert.AreEqual("/wA=", json.RootElement.GetProperty("F").GetProperty("unreadable").GetString());
    }

    [TestMethod]
    public void BeginRow_OffsetThatDoesNotRise_Throws()
    {
        using var batch = new RowBatch();
        batch.BeginRow(5).End();

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => batch.BeginRow(5).End());
        batch.BeginRow(6);
        Assert.ThrowsExactly<InvalidOperationException>(() => batch.BeginRow(7).End());
    }

    [TestMethod]
    public void End_ManyRows_AllocatesNothingPerRow()
    {
        using var batch = new RowBatch();
        Assert.AreEqual(0, Allocations.Of(() => Fill(batch, 100), 50));
    }

    [TestMethod]
    public void Of_RowsOverBothLimits_AreCutInOrderAndCompress()
    {
        using var batch = new RowBatch();
        var random = new Random(1);
        var noise = new byte[600];
        for (var i = 0; i < 200; i++)
        {
            random.NextBytes(noise);
            var row = batch.BeginRow(i * 3);
            row.Base64Object("N"u8, "n"u8, noise);
            row.End();
        }

        var pieces = FrozenRows.Of(batch, after: 30, maxBody: 40_000, maxWire: 10_000, () => default).ToList();

        Assert.AreEqual(33, pieces[0].FirstOffset);
        Assert.AreEqual(189, pieces.Sum(piece => piece.Rows));
        Assert.IsTrue(pieces.All(piece => piece.Wire.Length <= 10_000 && piece.BodyBytes <= 40_000));
        for (var i = 1; i < pieces.Count; i++) Assert.AreEqual(pieces[i - 1].LastOffset + 3, pieces[i].FirstOffset);
        Assert.AreEqual(
            SnowflakeFault.Refused,
            Assert.ThrowsExactly<SnowflakeException>(() => FrozenRows.Of(batch, -1, 40_000, 300, () => default)).Fault);
    }

    private static void Fill(RowBatch batch, int rows)
    {
        batch.Clear();
        for (var i = 0; i < rows; i++)
        {
            var row = batch.BeginRow(i);
            row.Number("FACT_ID"u8, 1_099_511_627_776 + i);
            row.FixedPoint("PRICE"u8, 8_410_609_000_000);
            row.Timestamp("TRADE_TIME"u8, new Timestamp(1_700_000_000_000_000 + i));
            row.Text("SIDE"u8, "BUY"u8);
            row.End();
        }
    }
}
