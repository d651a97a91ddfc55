using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake.Streaming;

[TestClass]
public sealed class ChannelNameTests
{
    [TestMethod]
    public void Of_AnotherEpoch_IsAnotherChannel()
    {
        var name = ChannelName.Of("epoch-1", "stock_trades", 3);
        Assert.StartsWith("STOCK_TRADES_P3_", name);
        Assert.IsTrue(SnowflakeIdentifier.IsValid(name));
        Assert.AreNotEqual(name, ChannelName.Of("epoch-2", "stock_trades", 3));
        Assert.AreNotEqual(ChannelName.Of("e", "a.b", 0), ChannelName.Of("e", "a_b", 0));
    }
}
