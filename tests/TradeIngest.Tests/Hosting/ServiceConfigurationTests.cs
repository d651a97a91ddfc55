using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Tests.Hosting;

[TestClass]
public sealed class ServiceConfigurationTests
{
    private static readonly (string Key, string? Value)[] Everything =
    [
        ("Log:Kind", "Kafka"), ("Kafka:BootstrapServers", "127.0.0.1:1"), ("Warehouse:Target", "Snowflake"),
        ("Snowflake:Account", "myorg-account1"),
    ];

    // Ages, not waits.
    private static readonly string[] MayBeLong = ["Log:MaxAge", "Kafka:Retention"];

    public static IEnumerable<object[]> Durations => KeysOf(type => type == typeof(TimeSpan));

    public static IEnumerable<object[]> Readable => KeysOf(type => type != typeof(string));

    [TestMethod]
    [DataRow("Framed", "remove the setting for ClientWebSocket")]
    [DataRow("clientwebsocket", "choose among ClientWebSocket")]
#if !WEBSOCKET_CLIENT
    [DataRow("WebsocketClient", "build with -p:WebsocketClient=true")]
#endif
    public void Read_TransportThatIsNotHere_SaysWhatToDo(string transport, string advice)
    {
        var error = Assert.ThrowsExactly<ConfigurationException>(() => ServiceConfiguration.Read([("Exchange:Transport", transport)]));
        StringAssert.Contains(error.Message, $"Transport '{transport}'", StringComparison.Ordinal);
        StringAssert.Contains(error.Message, advice, StringComparison.Ordinal);
    }

    [TestMethod]
    [DynamicData(nameof(Durations))]
    public void Read_NinetyNineDays_AreRefusedWhereATimerWouldTakeThem(string key)
    {
        (string, string?)[] given = With(key, "99.00:00:00");
        if (MayBeLong.Contains(key))
        {
            ServiceConfiguration.Read(given);
            return;
        }

        var refused = Assert.ThrowsExactly<ConfigurationException>(() => ServiceConfiguration.Read(given));
        Assert.Contains(key.Split(':')[^1], refused.Message);
        Assert.Contains("99.00:00:00 is not within", refused.Message);
    }

    [TestMethod]
    [DynamicData(nameof(Durations))]
    public void Read_DurationsThatCouldBeReadTwice_AreRefused(string key)
    {
        foreach (var text in new[] { "20", "24:00:00", "00:00:61", "1d", "-00:00:01", "10675199.02:48:05.4775807" })
        {
            var refused = Assert.ThrowsExactly<ConfigurationException>(() => ServiceConfiguration.Read(With(key, text)), text);
            Assert.Contains(key.Split(':')[^1], refused.Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Readable))]
    public void Read_ValueOfAnotherKind_IsNamedInOurOwnWords(string key)
    {
        var refused = Assert.ThrowsExactly<ConfigurationException>(() => ServiceConfiguration.Read(With(key, "soon")));

        Assert.StartsWith($"{key}: ", refused.Message);
        Assert.DoesNotContain("System.", refused.Message);
        Assert.DoesNotContain("Parameter", refused.Message);
    }

    private static (string Key, string? Value)[] With(string key, string value) =>
        [.. Everything.Where(pair => pair.Key != key), (key, value)];

    private static IEnumerable<object[]> KeysOf(Predicate<Type> wanted) =>
        ConfiguredValues.All().Where(option => wanted(option.Type)).Select(option => new object[] { option.Key });

    [TestMethod]
    public void Read_SeveralFaultsOfEachKind_AreReportedAtOnce()
    {
        var refused = Assert.ThrowsExactly<ConfigurationException>(() => ServiceConfiguration.Read(
            ("Log:Partitions", "many"), ("Log:Kind", "7"), ("Kafka:CreateTopics", "maybe"), ("DrainTimeout", "99.00:00:00"),
            ("Exchange:Channel:Batches", "0"), ("Exchange:Rest", "https://user:pa55@host"), ("Exchange:WebSocket", "wss://host:19443@pa55")));

        string[] faults =
        [
            "Log:Partitions: 'many'", "Log:Kind: '7'", "Kafka:CreateTopics: 'maybe'", "DrainTimeout", "Batches 0", "Rest holds a user",
            "WebSocket holds a user",
        ];
        foreach (var fault in faults) Assert.Contains(fault, refused.Message);

        Assert.DoesNotContain("pa55", refused.Message);
        Assert.DoesNotContain("InfoInterval", refused.Message, "What is not wrong keeps its default.");
    }
}
