using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>On the brokers at <c>CRYPTO_TEST_KAFKA</c> where there are some, else on librdkafka's mock brokers over real TCP.</summary>
[TestClass]
public sealed class KafkaTradeLogContractTests : TradeLogContract, IDisposable
{
    private TestCluster? _cluster;

    // The brokers' clock is the real one.
    private TimeProvider RealClock => TimeProvider.System;

    public void Dispose() => _cluster?.Dispose();

    private protected override async Task<ITradeLog> CreateAsync(int partitions)
    {
        _cluster = new TestCluster(TestCluster.RealAddress);
        return await _cluster.OpenAsync(RealClock, Stop, (Topic, partitions), ("letters", partitions));
    }

    private protected override async Task<ITradeLog> OpenAgainAsync(int partitions) =>
        await _cluster!.OpenAgainAsync(RealClock, Stop, (Topic, partitions), ("letters", partitions));
}
