using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using Crypto.TestSupport;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// A secret planted in every option there is, of the command line, the environment and the file, in commands that then fail in as many
/// ways: it shows neither in output nor in messages, logs and stacks.
/// </summary>
[TestClass]
public sealed class SecretOptionsTests
{
    private const string Secret = "pLanted/S3cret+value";

    // As people confuse things: an address with all that must not be in one, and a key in place of its file.
    private static readonly string[] Planted =
    [
        $"https://user:{Uri.EscapeDataString(Secret)}@127.0.0.1:1/?token={Secret}",
        $"-----BEGIN PRIVATE KEY-----\n{Secret}\n-----END PRIVATE KEY-----\n",
    ];

    private static readonly string[] SecretSettings =
    [
        "SASL_PASSWORD", "SSL_KEY_PASSWORD", "SSL_KEY_PEM", "SSL_KEYSTORE_PASSWORD", "SASL_OAUTHBEARER_CLIENT_SECRET",
        "SASL_OAUTHBEARER_CONFIG",
    ];

    private static (string, string) Nowhere => ("Exchange:Rest", "http://127.0.0.1:1");

    public static IEnumerable<object[]> Commands => Leaves().Select(leaf => new object[] { string.Join(' ', leaf.Path) });

    private static IReadOnlyList<OptionDescriptor> Options => OptionTree.Of(typeof(ServiceOptions)).Options;

    public static IEnumerable<object[]> Sections =>
        Options.Select(option => option.Key.Split(':')[0]).Distinct().Select(section => new object[] { section });

    [TestMethod]
    [DynamicData(nameof(Commands))]
    public async Task CommandLine_SecretInAnyOptionOrArgument_ShowsNowhere(string name)
    {
        var (path, command) = Leaves().Single(leaf => string.Join(' ', leaf.Path) == name);
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var usual = Usual(name, ((IPEndPoint)taken.LocalEndpoint).Port);
        foreach (var planted in Planted)
        {
            foreach (var option in command.Options.Where(option => option.ValueType != typeof(bool)))
            {
                string[] given = [option.Name, planted];
                string[] others = [.. usual.Where(pair => pair[0] != given[0]).SelectMany(pair => pair), .. Required(command, given[0])];
                await AssertNotShownAsync([], [.. path, .. command.Arguments.Select(Placeholder), .. others, .. given]);
            }

            foreach (var argument in command.Arguments)
            {
                string[] arguments = [.. command.Arguments.Select(other => other == argument ? planted : Placeholder(other))];
                await AssertNotShownAsync([], [.. path, .. arguments, .. usual.SelectMany(pair => pair)]);
            }

            await AssertNotShownAsync([], [.. path, "--no-such-option", planted]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Sections))]
    public async Task Configuration_SecretInAnyOption_ShowsNowhere(string section)
    {
        foreach (var key in Options.Select(option => option.Key).Where(key => key.Split(':')[0] == section))
        {
            foreach (var planted in Planted) await AssertNotShownAsync([.. Base(section), (key, planted)], CommandFor(section));
        }
    }

    [TestMethod]
    [DataRow("PrivateKeyFile")]
    [DataRow("PrivateKeyVariable")]
    [DataRow("PassphraseVariable")]
    public async Task Snowflake_SecretInPlaceOfTheNameOfItsPlace_ShowsNowhere(string option)
    {
        string[][] commands = [["check", "--target", "snowflake"], ["migrate", "--target", "snowflake"], ["status"], ["run"]];
        foreach (var command in commands)
        {
            await AssertNotShownAsync([.. Base("Snowflake"), ($"Snowflake:{option}", Secret)], command);
        }
    }

    [TestMethod]
    [DataRow("SNOWFLAKE_PRIVATE_KEY", Secret)]
    [DataRow("SNOWFLAKE_PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\\n" + Secret + "\\n-----END PRIVATE KEY-----")]
    [DataRow("SNOWFLAKE_PASSPHRASE", Secret)]
    public async Task Snowflake_SecretThatDoesNotFit_ShowsNowhere(string variable, string value)
    {
        using var rsa = RSA.Create(2048);
        var pem = rsa.ExportEncryptedPkcs8PrivateKeyPem("another", new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        var environment = new Dictionary<string, string> { ["SNOWFLAKE_PRIVATE_KEY"] = pem, [variable] = value };
        await AssertNotShownAsync(Base("Snowflake"), ["check", "--target", "snowflake"], environment);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("_FILE")]
    public async Task Kafka_SecretsOfLibrdkafka_ShowNowhere(string suffix)
    {
        foreach (var setting in SecretSettings)
        {
            await AssertNotShownAsync(
                [
                    .. Base("Kafka"), ("Kafka:Settings:SECURITY_PROTOCOL", "SASL_SSL"), ("Kafka:Settings:DEBUG", "all"),
                    ($"Kafka:Settings:{setting}{suffix}", Secret),
                ],
                ["run", "--role", "sink"]);
        }
    }

    [TestMethod]
    [DataRow("SSL_KEY_LOCATION")]
    [DataRow("SSL_CERTIFICATE_LOCATION")]
    [DataRow("SSL_CA_LOCATION")]
    [DataRow("SSL_KEYSTORE_LOCATION")]
    public async Task Kafka_SecretInPlaceOfAPath_ShowsNowhere(string setting)
    {
        foreach (var value in new[] { Secret, Planted[1] })
        {
            (string, string)[] given =
                [.. Base("Kafka"), ("Kafka:Settings:SECURITY_PROTOCOL", "ssl"), ($"Kafka:Settings:{setting}", value)];
            await AssertNotShownAsync(given, ["run", "--role", "sink"]);
        }
    }

    [TestMethod]
    [DataRow("Kafka:BootstrapServers", "user:" + Secret + "@127.0.0.1:1", "status")]
    [DataRow("Kafka:BootstrapServers", "127.0.0.1:1,SASL_SSL://" + Secret + "@127.0.0.1:1", "run")]
    [DataRow("Exchange:WebSocket", "ws://127.0.0.1:1/?listenKey=" + Secret, "run")]
    [DataRow("Exchange:Rest", "http://user:" + Secret + "@127.0.0.1:1", "run")]
    [DataRow("Exchange:Rest", "user:" + Secret + "@127.0.0.1:1", "run")]
    [DataRow("Snowflake:AccountUrl", "http://" + Secret + "@127.0.0.1:1", "status")]
    [DataRow("Snowflake:IngestHost", "user:" + Secret + "@127.0.0.1:1", "status")]
    public async Task Addresses_WithCredentials_ShowNowhere(string key, string value, string command) =>
        await AssertNotShownAsync([.. Base(key.Split(':')[0]), (key, value)], [command]);

    [TestMethod]
    [DataRow("""{ "Kafka": { "Settings": { "sasl.password": "SECRET" } } """)]
    [DataRow("""{ "Kafka": { "Settings": { "sasl.password": SECRET } } }""")]
    [DataRow("""{ "Log": { "Kind": "Kafka" }, "Kafka": { "Settings": { "sasl.password": "SECRET", "socket.timeout.ms": "SECRET" } } }""")]
    [DataRow("""{ "Kafka": { "Settings": "https://user:SECRET@host" } }""")]
    public async Task File_WithASecretAndAFault_ShowsNowhere(string json)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["appsettings.json"], json.Replace("SECRET", Secret, StringComparison.Ordinal));

        AssertNotShown(await TradeIngestProcess.RunAsync(folder.FullName, "status", "--debug"), json);
    }

    private static IEnumerable<(string[] Path, Command Command)> Leaves() => typeof(ServiceOptions).Assembly.GetTypes()
        .Where(type => type.Namespace == "Crypto.TradeIngest.Commands")
        .Select(type => type.GetMethod("Create", BindingFlags.Static | BindingFlags.Public, []))
        .Where(create => create?.ReturnType == typeof(Command))
        .SelectMany(create => Leaves((Command)create!.Invoke(null, null)!, []));

    private static IEnumerable<(string[] Path, Command Command)> Leaves(Command command, string[] parents)
    {
        string[] path = [.. parents, command.Name];
        return command.Subcommands.Count == 0 ? [(path, command)] : command.Subcommands.SelectMany(child => Leaves(child, path));
    }

    private static string Placeholder(Argument argument) => argument.Name switch
    {
        "SQL" => "SELECT 1",
        "TICKER" or "SYMBOL" => "BTCUSDT",
        "TIME" => "2026-03-01",
        "FILE" => "BTCUSDT-trades-nowhere.csv",
        _ => throw new NotSupportedException($"Say what stands for {argument.Name}."),
    };

    private static IEnumerable<string> Required(Command command, string given) =>
        command.Options.Where(option => option.Required && option.Name != given).SelectMany(option => new[] { option.Name, "snowflake" });

    /// <summary>What makes a command end by itself, and soon.</summary>
    private static string[][] Usual(string command, int takenPort) => command switch
    {
        "demo" => [["--trades", "10"]],
        "bench" => [["--trades", "1000"], ["--seconds", "1"], ["--rate", "100"]],
        "simulate" => [["--port", $"{takenPort}"]],
        "run" or "check" => [["--rest", "http://127.0.0.1:1"], ["--ws", "ws://127.0.0.1:1"]],
        _ => [],
    };

    private static (string Key, string Value)[] Base(string section) => section switch
    {
        "Kafka" or "Log" =>
        [
            ("Log:Kind", "Kafka"), ("Kafka:BootstrapServers", "127.0.0.1:1"), ("Kafka:AdminTimeout", "00:00:00.2"), Nowhere,
        ],
        "Snowflake" => [("Warehouse:Target", "Snowflake"), ("Snowflake:Account", "myorg-account1"), Nowhere],
        _ => [Nowhere, ("Exchange:WebSocket", "ws://127.0.0.1:1")],
    };

    private static string[] CommandFor(string section) => section switch
    {
        "Snowflake" => ["check", "--target", "snowflake"],
        "Health" => ["health"],
        _ => ["run"],
    };

    private static async Task AssertNotShownAsync(
        (string Key, string Value)[] configured, string[] arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string>(variables ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (key, value) in configured) environment["CRYPTO__" + key.Replace(":", "__", StringComparison.Ordinal)] = value;
        var told = $"{string.Join(' ', arguments)} {string.Join(' ', configured)}";
        AssertNotShown(await TradeIngestProcess.RunAsync(folder.FullName, environment, [.. arguments, "--debug"]), told);
    }

    private static void AssertNotShown(TradeIngestProcess.Result result, string told)
    {
        foreach (var secret in new[] { Secret, Uri.EscapeDataString(Secret), "S3cret" })
        {
            var all = result.Output + result.Errors;
            Assert.IsFalse(all.Contains(secret, StringComparison.OrdinalIgnoreCase), $"{told}\n{all}");
        }

        Assert.AreNotEqual(134, result.ExitCode, told);
        Assert.DoesNotContain("Unexpected ", result.Errors, told);
    }
}
