using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>On librdkafka's mock brokers.</summary>
[TestClass]
public sealed class MockKafkaTradeLogContractTests : KafkaTradeLogContractTests
{
    private protected override string? Address => null;
}

/// <summary>On the real brokers at <c>CRYPTO_TEST_KAFKA</c>.</summary>
[TestClass]
public sealed class RealKafkaTradeLogContractTests : KafkaTradeLogContractTests
{
    private protected override string? Address => TestCluster.RealAddress ?? throw new AssertInconclusiveException("CRYPTO_TEST_KAFKA names no broker.");
}

public abstract class KafkaTradeLogContractTests : TradeLogContract, IDisposable
{
    private TestCluster? _cluster;

    /// <summary>Null for mock brokers.</summary>
    private protected abstract string? Address { get; }

    private protected override bool Trims => false;

    // The brokers' clock is the real one.
    private TimeProvider RealClock => TimeProvider.System;

    public void Dispose()
    {
        _cluster?.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected override async Task<ITradeLog> CreateAsync(int partitions)
    {
        _cluster = new TestCluster(Address);
        return await _cluster.OpenAsync(RealClock, Stop, (Topic, partitions), ("letters", partitions));
    }

    private protected override async Task<ITradeLog> OpenAgainAsync(int partitions) =>
        await _cluster!.OpenAgainAsync(RealClock, Stop, (Topic, partitions), ("letters", partitions));
}
