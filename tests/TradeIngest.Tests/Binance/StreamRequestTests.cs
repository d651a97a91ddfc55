using System.Text;
using Crypto.TradeIngest.Binance;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class StreamRequestTests
{
    [TestMethod]
    public void Encode_NonAsciiSymbol_KeepsItsLetters()
    {
        var stream = StreamRequest.TradeStream(new SymbolTable().Intern("币安人生USDT"));
        Assert.AreEqual(
            """{"method":"SUBSCRIBE","params":["币安人生usdt@trade"],"id":7}""",
            Encoding.UTF8.GetString(StreamRequest.Encode(StreamRequest.Subscribe, [stream], 7)));
    }

    [TestMethod]
    public void Encode_List_HasNoParameters() => Assert.AreEqual(
        """{"method":"LIST_SUBSCRIPTIONS","id":1}""",
        Encoding.UTF8.GetString(StreamRequest.Encode(StreamRequest.ListSubscriptions, [], 1)));

    [TestMethod]
    [DataRow("SYMBOL{0}USDT@trade")]
    [DataRow("币安人生{0}\"@trade")]
    public void Split_AnyNames_KeepsOrderAndEveryRequestWithinTheBound(string pattern)
    {
        var names = Enumerable.Range(0, 1024)
            .Select(i => string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, i))
            .ToList();
        var parts = StreamRequest.Split(names, 4000).ToList();

        CollectionAssert.AreEqual(names, parts.SelectMany(part => part).ToList());
        Assert.IsTrue(parts.All(part => StreamRequest.Encode(StreamRequest.Subscribe, part, long.MaxValue).Length <= 4000));
        Assert.IsLessThan(20, parts.Count);
    }
}
