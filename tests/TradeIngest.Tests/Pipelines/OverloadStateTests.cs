using Crypto.TradeIngest.Pipelines;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class OverloadStateTests
{
    [TestMethod]
    public void Update_UpAndDown_KeepsAStateUntilWellBelowWhereItBegins()
    {
        var state = new OverloadState();
        double[] fills = [0, 0.49, 0.5, 0.3, 0.26, 0.25, 0.49, 0.89, 0.9, 1.2, 0.6, 0.51, 0.5, 0.3, 0.89, 0.1, 0.95, 0.2];

        Assert.AreEqual(
            "Ok Ok Low Low Low Ok Ok Low High High High High Low Low Low Ok High Ok",
            string.Join(' ', fills.Select(fill =>
            {
                var before = state.Current;
                Assert.AreEqual(state.Update(fill), before != state.Current);
                return state.Current;
            })));
    }
}
