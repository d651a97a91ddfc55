using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Pipelines;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class TradeChannelOptionsTests
{
    [TestMethod]
    public void Validate_Defaults_AreValid() => Assert.IsEmpty(new ServiceOptions().Validate().ToArray());

    [TestMethod]
    public void Validate_OutOfRange_NamesEach()
    {
        var channel = new TradeChannelOptions
        {
            Batches = 0,
            Bytes = 1,
            Trades = 0,
            EventReserve = 0,
            EventBytes = 1,
            DeadLetters = new DeadLetterOptions { Letters = 0 },
        };

        var faults = new ServiceOptions { Exchange = new ExchangeOptions { Channel = channel } }.Validate().ToArray();

        CollectionAssert.AreEqual(
            new[]
            {
                "Exchange: Channel: Batches 0 is not within 1 to 65,536",
                "Exchange: Channel: Bytes 1 is not within 65,536 to 17,179,869,184",
                "Exchange: Channel: Trades 0 is not positive",
                "Exchange: Channel: EventReserve 0 is not within 1 to 1,048,576",
                "Exchange: Channel: EventBytes 1 is not within 65,536 to 1,073,741,824",
                "Exchange: Channel: DeadLetters: Letters 0 is not within 1 to 1,000,000",
            },
            faults);
    }
}
