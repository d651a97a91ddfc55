using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Tests.Hosting;

[TestClass]
public sealed class ServiceConfigurationTests
{
    private static readonly (string Key, string? Value)[] Kafka = [("Log:Kind", "Kafka"), ("Kafka:BootstrapServers", "127.0.0.1:1")];

    private static readonly (string Key, string? Value)[] Snowflake =
        [("Warehouse:Target", "Snowflake"), ("Snowflake:Account", "myorg-account1")];

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
        StringAssert.Contains(error.Message, $"Transport: '{transport}'", StringComparison.Ordinal);
        StringAssert.Contains(error.Message, advice, StringComparison.Ordinal);
    }

    [TestMethod]
    [DynamicData(nameof(Durations))]
    public void Read_DurationsThatCouldBeReadTwice_AreRefused(string key)
    {
        foreach (var text in new[] { "20", "0", "-1", "24:00:00", "00:00:61", "1 d", "-00:00:01", "10675199.02:48:05.4775807" })
        {
            Assert.StartsWith($"{key}: ", Refused((key, text)).Message, text);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Durations))]
    public void Read_BareNumberForADuration_SaysHowToWriteIt(string key) => Assert.AreEqual(
        $"{key}: '20' is no duration: write a number with its unit, such as 500ms, 20s, 5m, 2h or 7d, or hours:minutes:seconds such as "
            + "00:00:20 (from command line)",
        Refused((key, "20")).Message);

    [TestMethod]
    [DynamicData(nameof(Readable))]
    public void Read_ValueOfAnotherKind_IsNamedInOurOwnWords(string key)
    {
        var refused = Refused((key, "soon"));

        Assert.StartsWith($"{key}: ", refused.Message);
        Assert.DoesNotContain("System.", refused.Message);
        Assert.DoesNotContain("Parameter", refused.Message);
    }

    [TestMethod]
    [DataRow("Data", " ", "Data: the folder is empty; set --data")]
    [DataRow("Exchange:WebSocket", "http://host", "Exchange:WebSocket: 'http://host' is no WebSocket address such as "
        + "wss://stream.binance.com:9443; set --ws")]
    [DataRow("Exchange:Rest", "host", "Exchange:Rest: 'host' is no HTTP address such as https://api.binance.com; set --rest")]
    [DataRow("Exchange:Rest", "https://host?a=b", "Exchange:Rest: has a query, which is never sent; remove it from --rest")]
    [DataRow("Exchange:Symbols", " , ", "Exchange:Symbols: there is none; set --symbols BTCUSDT,ETHUSDT or ALL")]
    [DataRow("Exchange:Stream:MinimumBackoff", "31s", "Exchange:Stream:MinimumBackoff: is more than MaximumBackoff")]
    [DataRow("Exchange:Channel:DeadLetters:Bytes", "32KiB", "Exchange:Channel:DeadLetters:Bytes: is less than PayloadBytes")]
    [DataRow("Exchange:Channel:Policy", "Drop", "Exchange:Channel:Policy: 'Drop' is none of Shed, Wait")]
    [DataRow("Reference:File", " ", "Reference:File: is empty; name a file or leave it out")]
    [DataRow("Reference:ChangeEventsTopic", "a", "Reference:ChangeEventsTopic: needs CRYPTO__Log__Kind=Kafka")]
    [DataRow("Log:Kind", "1", "Log:Kind: '1' is none of Embedded, Kafka")]
    [DataRow("Log:Partitions", "many", "Log:Partitions: 'many' is no whole number from -2147483648 to 2147483647")]
    [DataRow("Log:MaxBytes", "1 gig", "Log:MaxBytes: '1 gig' is no size: write bytes such as 65536, or a number with its unit, such as "
        + "64KiB, 512MiB or 1GB")]
    [DataRow("Kafka:CreateTopics", "maybe", "Kafka:CreateTopics: 'maybe' is neither true nor false")]
    [DataRow("Kafka:ReplicationFactor", "32768", "Kafka:ReplicationFactor: '32768' is no whole number from -32768 to 32767")]
    [DataRow("Snowflake:Access", "Telepathy", "Snowflake:Access: 'Telepathy' is none of Api, Driver")]
    [DataRow("Warehouse:Owners:sector", "nobody", "Warehouse:Owners:sector: 'nobody' is none of exchange_info, reference_file, "
        + "change_data_capture")]
    [DataRow("Health:Address", "localhost", "Health:Address: 'localhost' is no IP address such as 127.0.0.1 or 0.0.0.0")]
    public void Read_OneFault_IsSaidWithItsKeyAndSource(string key, string text, string fault) =>
        Assert.AreEqual($"{fault} (from command line)", Refused((key, text)).Message);

    [TestMethod]
    [DataRow("Kafka:Group", "", "Kafka:Group: is empty")]
    [DataRow("Kafka:TopicPrefix", "a b", "Kafka:TopicPrefix: 'a b' has letters other than a-z, A-Z, 0-9, '.', '_' and '-'")]
    [DataRow("Kafka:BootstrapServers", "", "Kafka:BootstrapServers: is empty; set CRYPTO__Kafka__BootstrapServers=host:9092")]
    [DataRow("Snowflake:Account", "", "Snowflake:Account: '' is no account such as myorg-account1 or xy12345.eu-central-1")]
    [DataRow("Snowflake:AccountUrl", "http://host", "Snowflake:AccountUrl: 'http://host' would send tokens unencrypted. Use https; plain "
        + "http is for this machine (127.0.0.1, localhost) only.")]
    [DataRow("Snowflake:Schema", "public", "Snowflake:Schema: 'public' is no plain identifier: upper-case letters, digits, _ and $")]
    public void Read_RulesOfKafkaAndSnowflake_HoldWhereTheseAreUsed(string key, string text, string fault)
    {
        ServiceConfiguration.Read((key, text));

        Assert.AreEqual($"{fault} (from command line)", Refused([.. Kafka, .. Snowflake, (key, text)]).Message);
    }

    [TestMethod]
    public void Read_SeveralFaultsOfEachKind_AreReportedAtOnce()
    {
        var refused = Refused(
            ("Log:Partitions", "many"), ("Log:Kind", "7"), ("Kafka:CreateTopics", "maybe"), ("DrainTimeout", "99.00:00:00"),
            ("Exchange:Channel:Batches", "0"), ("Exchange:Rest", "https://user:pa55@host"), ("Exchange:WebSocket", "wss://host:1@pa55"));

        string[] faults =
        [
            "Log:Partitions: 'many'", "Log:Kind: '7'", "Kafka:CreateTopics: 'maybe'", "DrainTimeout: 99d", "Batches: 0",
            "Exchange:Rest: holds a user",
            "Exchange:WebSocket: holds a user",
        ];
        foreach (var fault in faults) Assert.Contains(fault, refused.Message);

        Assert.HasCount(faults.Length, refused.Message.Split(Environment.NewLine));
        Assert.DoesNotContain("pa55", refused.Message);
    }

    [TestMethod]
    public void Read_Defaults_HaveNoFault() => Assert.AreEqual(TimeSpan.FromSeconds(20), ServiceConfiguration.Read().DrainTimeout);

    private static ConfigurationException Refused(params (string Key, string? Value)[] given) =>
        Assert.ThrowsExactly<ConfigurationException>(() => ServiceConfiguration.Read(given));

    private static IEnumerable<object[]> KeysOf(Predicate<Type> wanted) =>
        OptionTree.Of(typeof(ServiceOptions)).Options.Where(option => wanted(option.Type)).Select(option => new object[] { option.Key });
}
