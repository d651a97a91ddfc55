using Crypto.TestSupport;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

[TestClass]
public sealed class KafkaOptionsTests
{
    [TestMethod]
    public void Faults_Several_ReportsEachAndNoSecret()
    {
        var options = new KafkaOptions
        {
            BootstrapServers = " ",
            TopicPrefix = "a b",
            Settings = new()
            {
                ["no.such.setting"] = "1",
                ["SOCKET_TIMEOUT_MS"] = "soon",
                ["acks"] = "1",
                ["SASL_PASSWORD_FILE"] = "hunter1",
                ["ssl.key.password"] = "hunter2",
                ["sasl.oauthbearer.client.secret"] = "hunter3",
            },
        };

        var faults = options.Faults().Select(fault => fault.ToString()).ToList();

        Assert.HasCount(7, faults, string.Join('\n', faults));
        Assert.IsTrue(faults.Exists(fault => fault.Contains("no.such.setting", StringComparison.Ordinal)));
        Assert.IsTrue(faults.Exists(fault => fault.Contains("socket.timeout.ms", StringComparison.Ordinal)));
        Assert.IsTrue(faults.Exists(fault => fault.Contains("acks cannot be set", StringComparison.Ordinal)));
        Assert.IsTrue(faults.Exists(fault => fault.Contains("the file for sasl.password cannot be read", StringComparison.Ordinal)));
        Assert.IsFalse(string.Join(' ', faults).Contains("hunter", StringComparison.Ordinal));
        Assert.IsFalse(options.ToString().Contains("hunter", StringComparison.Ordinal));
    }

    [TestMethod]
    [DataRow("user:hunter2@broker:9092")]
    [DataRow("broker:9092,SASL_SSL://user:hunter2@other:9092")]
    [DataRow("hunter2@broker")]
    public void Faults_CredentialsAmongTheServers_AreRefusedAndNotShown(string servers)
    {
        var options = new KafkaOptions { BootstrapServers = servers };

        var fault = options.Faults().Single().ToString();

        Assert.Contains("sasl.password", fault);
        Assert.DoesNotContain("hunter2", fault);
        Assert.DoesNotContain("hunter2", options.ToString());
    }

    [TestMethod]
    [DataRow("ssl.key.location", "/no/such/hunter2")]
    [DataRow("ssl.key.pem", "hunter2")]
    [DataRow("ssl.certificate.location", "/no/such/hunter2")]
    [DataRow("ssl.ca.location", "/no/such/hunter2")]
    [DataRow("ssl.keystore.location", "/no/such/hunter2")]
    public async Task OpenAsync_KeyOrCertificateThatIsNone_SaysSoWithoutShowingIt(string name, string value)
    {
        var options = new KafkaOptions
        {
            BootstrapServers = "127.0.0.1:1",
            Settings = new() { ["security.protocol"] = "ssl", [name] = value },
        };
        KafkaSettings.KeepSecret(name, value);

        var refused = await Assert.ThrowsExactlyAsync<ConfigurationException>(
            () => KafkaTradeLog.FindAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None));

        Assert.Contains(name.Split('.')[1], refused.Message);
        Assert.DoesNotContain("hunter2", refused.Message);
    }

    [TestMethod]
    public void Settings_FromEnvironmentNamesAndFiles_ReachLibrdkafka()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["password"], "from a file\n");
        var options = new KafkaOptions
        {
            BootstrapServers = "localhost:9092",
            Settings = new() { ["SECURITY_PROTOCOL"] = "SASL_SSL", ["SASL_PASSWORD_FILE"] = folder["password"], ["linger.ms"] = "7" },
        };

        Assert.IsEmpty(options.Faults().ToList());
        var settings = KafkaSettings.Producer(options).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

        Assert.AreEqual("SASL_SSL", settings["security.protocol"]);
        Assert.AreEqual("from a file", settings["sasl.password"]);
        Assert.AreEqual("7", settings["linger.ms"]);
        Assert.AreEqual("all", settings["acks"]);
        Assert.AreEqual("murmur2_random", settings["partitioner"]);
    }

    [TestMethod]
    public void Consume_InstanceId_IsThatOfTheSinksAndOfNoOtherMember()
    {
        var options = new KafkaOptions { BootstrapServers = "localhost:9092", InstanceId = "sink-1" };

        Assert.AreEqual("sink-1", KafkaSettings.Consumer(options, isMember: true, instance: options.InstanceId).GroupInstanceId);

        // A leader that stops in good order hands over at once, which a static member does not.
        Assert.IsNull(KafkaSettings.Consumer(options, isMember: true, "trade-ingest-reference").GroupInstanceId);
        var refused = new KafkaOptions { BootstrapServers = "localhost:9092", Settings = new() { ["GROUP_INSTANCE_ID"] = "1" } };
        StringAssert.Contains(refused.Faults().Single().ToString(), "set Kafka:InstanceId");
    }

    [TestMethod]
    public void Settings_ProducerAndConsumer_AreAcceptedByLibrdkafka()
    {
        KafkaNative.Load();
        var options = new KafkaOptions { BootstrapServers = "localhost:9092" };
        var settings = KafkaSettings.Producer(options)
            .Concat(KafkaSettings.Consumer(options, isMember: true))
            .Concat(KafkaSettings.Admin(options));
        foreach (var (name, value) in settings)
        {
            if (!name.StartsWith("dotnet.", StringComparison.Ordinal)) Assert.IsNull(KafkaNative.FaultOf(name, value));
        }
    }
}
