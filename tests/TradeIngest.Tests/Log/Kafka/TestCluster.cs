using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>
/// Where a test's topics live: mock brokers of its own, or the real ones at <c>CRYPTO_TEST_KAFKA</c> under a prefix of its own.
/// </summary>
internal sealed class TestCluster : IDisposable
{
    public TestCluster(string? real = null)
    {
        Mock = real is null ? new MockCluster() : null;
        Options = new KafkaOptions
        {
            BootstrapServers = real ?? Mock!.BootstrapServers,
            TopicPrefix = real is null
                ? ""
                : $"test-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6))}-",
            AdminTimeout = TimeSpan.FromSeconds(10),

            // Brokers before 2.4 have no default.
            ReplicationFactor = 1,

            // Mock brokers never answer.
            ConfigTimeout = TimeSpan.FromMilliseconds(real is null ? 100 : 5000),

            // Members notice a rebalance with their next heartbeat; mock brokers forget one that left only when its session ends.
            Settings = new() { ["fetch.wait.max.ms"] = "10", ["heartbeat.interval.ms"] = "200", ["session.timeout.ms"] = "6000" },
        };
    }

    /// <summary>host:port of a real broker to test against, or null.</summary>
    public static string? RealAddress =>
        Environment.GetEnvironmentVariable("CRYPTO_TEST_KAFKA") is { Length: > 0 } address ? address : null;

    public MockCluster? Mock { get; }

    public KafkaOptions Options { get; }

    public async Task<KafkaTradeLog> OpenAsync(
        TimeProvider clock, CancellationToken cancellationToken, params (string Topic, int Partitions)[] topics)
    {
        foreach (var (topic, partitions) in topics) Mock?.CreateTopic(topic, partitions);
        return await OpenAgainAsync(clock, cancellationToken, topics);
    }

    public Task<KafkaTradeLog> OpenAgainAsync(
        TimeProvider clock, CancellationToken cancellationToken, params (string Topic, int Partitions)[] topics) =>
        KafkaTradeLog.OpenAsync(
            Options, [.. topics.Select(topic => new TopicPlan(topic.Topic, topic.Partitions, TimeSpan.FromDays(1), IsCompacted: false))],
            clock, NullLogger.Instance, cancellationToken);

    public void Dispose()
    {
        Mock?.Dispose();
        if (Mock is null) DeleteTopics();
    }

    private void DeleteTopics()
    {
        using var admin = new AdminClientBuilder(KafkaSettings.Admin(Options)).Build();
        var topics = admin.GetMetadata(Options.AdminTimeout).Topics.Select(topic => topic.Topic).Where(
            topic => topic.StartsWith(Options.TopicPrefix, StringComparison.Ordinal)).ToList();
        if (topics.Count > 0) admin.DeleteTopicsAsync(
            topics, new DeleteTopicsOptions { RequestTimeout = Options.AdminTimeout }).GetAwaiter().GetResult();
    }
}
