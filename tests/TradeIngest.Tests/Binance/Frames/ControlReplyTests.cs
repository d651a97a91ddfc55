using System.Text;
using Crypto.TradeIngest.Binance.Frames;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

[TestClass]
public sealed class ControlReplyTests
{
    [TestMethod]
    [DataRow("""{"result":null,"id":1}""", "1")]
    [DataRow("""{"result":null,"id":"1f"}""", "1f")]
    [DataRow("""{"result":null,"id":null}""", null)]
    [DataRow("""{"result":true,"id":18446744073709551616}""", "18446744073709551616")]
    public void Parse_Confirmation_HasItsId(string frame, string? id)
    {
        var reply = Parse(frame);

        Assert.IsNotNull(reply);
        Assert.AreEqual(id, reply.Id);
        Assert.IsEmpty(reply.Streams);
        Assert.IsNull(reply.Error);
    }

    [TestMethod]
    public void Parse_List_HasItsStreams()
    {
        var reply = Parse("""{"result":["btcusdt@trade","币安人生usdt@trade",5],"id":3}""");

        CollectionAssert.AreEqual(new[] { "btcusdt@trade", "币安人生usdt@trade" }, reply!.Streams.ToArray());
    }

    [TestMethod]
    [DataRow("""{"code":2,"msg":"Invalid request","id":5}""", "5", 2, "Invalid request")]
    [DataRow("""{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}""", "19", 4, "Too many subscriptions")]
    [DataRow("""{"error":"odd"}""", null, null, "odd")]
    [DataRow("""{"error":{}}""", null, null, "")]
    [DataRow("""{"code":"x","msg":7,"id":true}""", null, null, "7")]
    public void Parse_Refusal_SaysWhy(string frame, string? id, int? code, string message)
    {
        var reply = Parse(frame);

        Assert.AreEqual(id, reply!.Id);
        Assert.AreEqual(new ControlError(code, message), reply.Error);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("[]")]
    [DataRow("{}")]
    [DataRow("""{"id":1}""")]
    [DataRow("""{"e":"trade"}""")]
    [DataRow("""{"result":null,"id":1""")]
    [DataRow("""{"result":["\ud800"],"id":1}""")]
    public void Parse_NoReply_IsNull(string frame) => Assert.IsNull(Parse(frame));

    [TestMethod]
    public void Parse_MutatedFrames_NeverThrows()
    {
        var mutator = new FrameMutator(seed: 4);
        var replies = 0;
        for (var i = 0; i < 30_000; i++)
        {
            if (ControlReply.Parse(mutator.Next()) is not null) replies++;
        }

        Assert.IsGreaterThan(1_000, replies);
    }

    private static ControlReply? Parse(string frame) => ControlReply.Parse(Encoding.UTF8.GetBytes(frame));
}
