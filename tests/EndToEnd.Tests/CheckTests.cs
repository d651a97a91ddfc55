using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Tests.Log.Kafka;

namespace Crypto.EndToEnd.Tests;

/// <summary><c>check</c> against an exchange and brokers that are there, and against ones that are not; <c>config show</c>.</summary>
[TestClass]
public sealed class CheckTests
{
    private static readonly SimulatedExchangeOptions Listing = new() { Symbols = ["BTCUSDT", "ETHUSDT"], Rate = 10 };

    [TestMethod]
    public async Task Check_EverythingThere_PassesInThreeTiersAndStoresNothing()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await ExchangeAsync(Listing);

        var result = (await CheckAsync(folder, exchange, [], "--symbols", "BTCUSDT")).ShouldExitWith(0).Json;

        Assert.IsTrue(result.GetProperty("passed").GetBoolean());
        CollectionAssert.AreEqual(
            new[]
            {
                "configuration/options", "topology/roles and log", "topology/log and target", "topology/options in use",
                "topology/partitions of the log",
                "topology/health port", "environment/data folder", "environment/free space", "environment/warehouse file",
                "environment/exchange clock",
                "environment/exchange symbols", "environment/exchange streams",
            },
            Names(result, _ => true));
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.FullName));
    }

    [TestMethod]
    [DataRow("CRYPTO__Exchange__Symbols", "NOSUCHUSDT", "exchange symbols", "the exchange does not list NOSUCHUSDT")]
    [DataRow("CRYPTO__Exchange__Rest", "http://127.0.0.1:1", "exchange REST", "Cannot reach http://127.0.0.1:1")]
    [DataRow("CRYPTO__Exchange__WebSocket", "ws://127.0.0.1:1", "exchange streams", "ws://127.0.0.1:1: ")]
    [DataRow("CRYPTO__Kafka__BootstrapServers", "broker:9092", "options in use", "set without effect, since Log:Kind is Embedded")]
    [DataRow("CRYPTO__Snowflake__Account", "myorg-account1", "options in use", "Warehouse:Target is Embedded: Snowflake:Account")]
    [DataRow("CRYPTO__Log__MaxBytes", "1024TiB", "free space", "and the log alone may keep")]
    public async Task Check_OnePartAmiss_FailsWithThatAlone(string variable, string value, string name, string detail)
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await ExchangeAsync(Listing);
        var bases = Bases(exchange);
        if (variable.EndsWith("Rest", StringComparison.Ordinal)) bases = bases[..2];
        if (variable.EndsWith("WebSocket", StringComparison.Ordinal)) bases = bases[2..];
        if (!variable.EndsWith("Symbols", StringComparison.Ordinal)) bases = [.. bases, "--symbols", "BTCUSDT"];

        var result = (await TradeIngestProcess.RunAsync(
            folder.FullName, new Dictionary<string, string> { [variable] = value }, ["check", "--json", .. bases])).ShouldExitWith(1).Json;

        var failed = result.GetProperty("checks").EnumerateArray().Single(check => !check.GetProperty("passed").GetBoolean());
        Assert.AreEqual(name, failed.GetProperty("name").GetString());
        Assert.Contains(detail, failed.GetProperty("detail").GetString()!);
        Assert.AreNotEqual("", failed.GetProperty("advice").GetString());
    }

    [TestMethod]
    public async Task Check_ExchangeWithAnotherTime_SaysHowFarApart()
    {
        using var folder = new TemporaryFolder();
        var ahead = new TradeModel.Times.ShiftedTimeProvider(TimeProvider.System) { Offset = TimeSpan.FromHours(1) };
        await using var exchange = await ExchangeAsync(Listing with { TimeProvider = ahead });

        var result = (await CheckAsync(folder, exchange, [], "--symbols", "BTCUSDT")).ShouldExitWith(1).Json;

        CollectionAssert.AreEqual(new[] { "environment/exchange clock" }, Failed(result));
        Assert.Contains("s behind the exchange's", result.ToString());
    }

    [TestMethod]
    public async Task Check_RoleWithoutASharedLog_Fails()
    {
        using var folder = new TemporaryFolder();

        var result = (await TradeIngestProcess.RunAsync(folder.FullName, "check", "--role", "sink", "--json")).ShouldExitWith(1);

        CollectionAssert.AreEqual(new[] { "topology/roles and log" }, Failed(result.Json));
    }

    [TestMethod]
    public async Task Check_LogWithAnotherNumberOfPartitions_NamesBoth()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 10);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file)).ShouldExitWith(0);
        await using var exchange = await ExchangeAsync(Listing);

        (await CheckAsync(folder, exchange, [], "--symbols", "BTCUSDT")).ShouldExitWith(0);
        var result = (await CheckAsync(folder, exchange, [("Log__Partitions", "3")], "--symbols", "BTCUSDT")).ShouldExitWith(1).Json;

        CollectionAssert.AreEqual(new[] { "topology/partitions of the log" }, Failed(result));
        Assert.Contains("the log has 1, configured are 3", result.ToString());
    }

    [TestMethod]
    public async Task Check_PortOfAnotherProgram_Fails()
    {
        using var folder = new TemporaryFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var exchange = await ExchangeAsync(Listing);
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        var result = (await CheckAsync(folder, exchange, [("Health__Port", port)], "--symbols", "BTCUSDT")).ShouldExitWith(1).Json;

        CollectionAssert.AreEqual(new[] { "topology/health port" }, Failed(result));
    }

    [TestMethod]
    [DataRow("4", 0, "")]
    [DataRow("5", 1, "Topic stock_trades has 4 partitions, configured are 5. Set CRYPTO__Log__Partitions=4")]
    public async Task Check_Kafka_ComparesTheTopicsAndCreatesNone(string partitions, int code, string fault)
    {
        using var folder = new TemporaryFolder();
        using var brokers = new MockCluster();
        brokers.CreateTopic("stock_trades", 4);

        var result = (await TradeIngestProcess.RunAsync(
            folder.FullName, Kafka(
                brokers.BootstrapServers, ("Log__Partitions", partitions)), "check", "--role", "sink", "--json")).ShouldExitWith(code).Json;

        CollectionAssert.Contains(Names(result, check => check.GetProperty("passed").GetBoolean()), "environment/Kafka brokers");
        CollectionAssert.AreEqual(code == 0 ? [] : new[] { "topology/Kafka topics" }, Failed(result));
        Assert.Contains(fault, result.ToString());
    }

    [TestMethod]
    public async Task Check_KafkaOutOfReach_Fails()
    {
        using var folder = new TemporaryFolder();

        var result = (await TradeIngestProcess.RunAsync(
            folder.FullName, Kafka(
                "127.0.0.1:1", ("Kafka__AdminTimeout", "1s")), "check", "--role", "sink", "--json")).ShouldExitWith(1).Json;

        CollectionAssert.AreEqual(new[] { "environment/Kafka brokers" }, Failed(result));
    }

    [TestMethod]
    public async Task Check_MisspelledOption_EndsWith2AndTheNearest()
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string> { ["CRYPTO__Warehouse__Traget"] = "Snowflake", ["CRYPTO__DrainTimeout"] = "20" };

        foreach (var command in new string[][] { ["check"], ["run"], ["config", "show"], ["demo"] })
        {
            var errors = (await TradeIngestProcess.RunAsync(folder.FullName, environment, command)).ShouldExitWith(2).Errors;

            Assert.Contains("CRYPTO__Warehouse__Traget: there is no such option; did you mean CRYPTO__Warehouse__Target?", errors);
            Assert.Contains("DrainTimeout: '20' is no duration", errors);
        }
    }

    [TestMethod]
    [DataRow("{\n  \"Data\": \"a\"\n  \"Log\": {}\n}", "is not valid JSON at line 3, position 3.")]
    [DataRow("{ \"Data\": \"a\", \"data\": \"b\" }", "is not a configuration:")]
    [DataRow("{ \"Warehouse\": { \"Traget\": null } }", "Warehouse:Traget: there is no such option; did you mean Warehouse:Target?")]
    [DataRow("{ \"Logging\": {} }", "Logging: there is no such option;")]
    [DataRow("{ \"DrainTimeout\": 20 }", "DrainTimeout: '20' is no duration")]
    public async Task Config_FaultyFile_IsNamedWithItsPlace(string json, string fault)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["appsettings.json"], json);

        var errors = (await TradeIngestProcess.RunAsync(folder.FullName, "config", "show")).ShouldExitWith(2).Errors;

        Assert.Contains("appsettings.json", errors);
        Assert.Contains(fault, errors);
    }

    [TestMethod]
    public async Task Config_Show_NamesTheSourceOfEachValueAndNoSecret()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(
            folder["appsettings.json"],
            """{ "Log": { "Kind": "Kafka" }, "Kafka": { "Settings": { "sasl.password": "pLanted" } }, "Data": "file" }""");
        var environment = Kafka("broker:1", ("Data", "variable"), ("Kafka__AdminTimeout", "2m"));

        var json = (await TradeIngestProcess.RunAsync(folder.FullName, environment, "config", "show", "--json")).ShouldExitWith(0);
        var people = (await TradeIngestProcess.RunAsync(folder.FullName, environment, "config", "show")).ShouldExitWith(0);

        var rows = json.Json.EnumerateArray().ToDictionary(
            row =>
                row.GetProperty("key").GetString()!, row => (row.GetProperty("value").GetString(), row.GetProperty("source").GetString()));
        Assert.AreEqual(("variable", "CRYPTO__Data"), rows["Data"]);
        Assert.AreEqual(("2m", "CRYPTO__Kafka__AdminTimeout"), rows["Kafka:AdminTimeout"]);
        Assert.AreEqual(("***", "appsettings.json"), rows["Kafka:Settings:sasl.password"]);
        Assert.AreEqual(("20s", "default"), rows["DrainTimeout"]);
        foreach (var output in new[] { json.Output, people.Output }) Assert.DoesNotContain("pLanted", output);
        foreach (var key in rows.Keys) Assert.Contains(key, people.Output);
    }

    private static Dictionary<string, string> Kafka(string servers, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>
        {
            ["CRYPTO__Log__Kind"] = "Kafka",
            ["CRYPTO__Kafka__BootstrapServers"] = servers,

            // Mock brokers never answer.
            ["CRYPTO__Kafka__ConfigTimeout"] = "100ms",
        };
        foreach (var (name, value) in more) environment["CRYPTO__" + name] = value;
        return environment;
    }

    private static async Task<SimulatedExchange> ExchangeAsync(SimulatedExchangeOptions options)
    {
        var exchange = new SimulatedExchange(options);
        await exchange.StartAsync();
        return exchange;
    }

    private static string[] Bases(SimulatedExchange exchange) =>
        ["--ws", exchange.WsBase.GetLeftPart(UriPartial.Authority), "--rest", exchange.RestBase.GetLeftPart(UriPartial.Authority)];

    private static Task<TradeIngestProcess.Result> CheckAsync(
        TemporaryFolder folder, SimulatedExchange exchange, (
            string Name, string Value)[] configured, params string[] more) => TradeIngestProcess.RunAsync(
        folder.FullName, configured.ToDictionary(
            pair => "CRYPTO__" + pair.Name, pair => pair.Value), ["check", "--json", .. Bases(exchange), .. more]);

    private static string[] Failed(JsonElement result) => Names(result, check => !check.GetProperty("passed").GetBoolean());

    private static string[] Names(JsonElement result, Predicate<JsonElement> which) =>
    [
        .. result.GetProperty("checks").EnumerateArray().Where(check => which(check))
            .Select(check => $"{check.GetProperty("tier").GetString()}/{check.GetProperty("name").GetString()}"),
    ];
}
