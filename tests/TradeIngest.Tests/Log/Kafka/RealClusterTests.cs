namespace Crypto.TradeIngest.Tests.Log.Kafka;

[TestClass]
public sealed class RealClusterTests : RealClusterContract;
