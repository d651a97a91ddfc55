using System.Text.Json;
using System.Text.RegularExpressions;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>Every command with <c>--json</c>: what it prints is JSON, and every name in it is snake_case.</summary>
[TestClass]
public sealed partial class MachineOutputTests
{
    private const string Data = "data";

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    [TestMethod]
    public async Task EveryCommand_Json_NamesInSnakeCase()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["BTCUSDT-trades-bad.csv"], "1,2,3\n");
        await File.WriteAllTextAsync(folder["bad.csv"], "ticker,sector,risk_level\nBTCUSDT,a,b\nnonsense\n");
        await CheckAsync(folder, 0, "demo", "--trades", "2000", "--rate", "max", "--data", Data);
        await CheckAsync(folder, 0, "backfill", "--data", Data);
        await CheckAsync(folder, 1, "replay", "BTCUSDT-trades-bad.csv", "--data", Data);
        await CheckAsync(folder, 0, "status", "--data", Data);
        await CheckAsync(folder, 0, "verify", "--data", Data);
        await CheckAsync(folder, 0, "query", "SELECT * FROM CONSUMPTION_TRADES LIMIT 1", "--data", Data);
        await CheckAsync(folder, 1, "dimension", "apply", "bad.csv", "--data", Data);
        await CheckAsync(folder, 0, "dimension", "history", "BTCUSDT", "--all", "--data", Data);
        await CheckAsync(folder, 0, "dimension", "as-known-at", "9999-01-01", "--data", Data);
        await CheckAsync(folder, 0, "dimension", "rebuild", "--data", Data);
        await CheckAsync(folder, 0, "dlq", "list", "--data", Data);
        await CheckAsync(folder, 0, "dlq", "replay", "--data", Data);
        await CheckAsync(folder, 0, "bench", "--trades", "2000", "--rate", "500", "--seconds", "1");
        await CheckAsync(folder, 0, "config", "show");
        await CheckAsync(folder, 0, "symbols", "add", "SOLUSDT", "--data", Data);
        await CheckAsync(folder, 0, "symbols", "remove", "SOLUSDT", "--data", Data);
        await CheckAsync(folder, 0, "symbols", "list", "--data", Data);
        await CheckServiceAsync(folder);
        await CheckSnowflakeAsync(folder);

        CollectionAssert.AreEquivalent((await CommandsAsync(folder)).ToArray(), _seen.ToArray());
    }

    [TestMethod]
    [DataRow("Kafka")]
    [DataRow("Embedded")]
    public async Task EveryCommand_JsonAndAFault_WritesItAsJson(string log)
    {
        using var folder = new TemporaryFolder();
        var wrong = new Dictionary<string, string> { ["CRYPTO__Log__Kind"] = log, ["CRYPTO__DrainTimeout"] = "soon" };
        foreach (var command in await CommandsAsync(folder))
        {
            string[] arguments = [.. command.Split(' '), .. Arguments(command), "--json"];
            var result = await TradeIngestProcess.RunAsync(folder.FullName, wrong, arguments);

            var error = FailureTests.ErrorOf(result.ShouldExitWith(2));
            Assert.AreEqual(2, error.GetProperty("exit_code").GetInt32(), command);

            // The one that reads no configuration.
            if (command != "simulate") Assert.Contains("DrainTimeout: 'soon'", error.GetProperty("message").GetString()!, command);
            foreach (var line in result.Errors.TrimEnd().Split('\n')) AssertNames(JsonDocument.Parse(line).RootElement, command);
        }
    }

    private static string[] Arguments(string command) => command switch
    {
        "replay" or "dimension apply" => ["BTCUSDT-trades-none.csv"],
        "query" => ["SELECT 1"],
        "dimension history" or "symbols add" or "symbols remove" => ["BTCUSDT"],
        "dimension as-known-at" => ["2026-03-01"],
        "check" or "migrate" => ["--target", "snowflake"],
        "simulate" => ["--symbols", "no such!"],
        _ => [],
    };

    private async Task CheckServiceAsync(TemporaryFolder folder)
    {
        await using var exchange = TradeIngestProcess.Start(folder.FullName, "simulate", "--symbols", "BTCUSDT", "--json");
        var bases = await SnowflakeTests.OutputAsync(exchange);
        See("simulate", bases);
        var port = FreePort();
        var environment = new Dictionary<string, string> { ["CRYPTO__Health__Port"] = port };
        await using var run = TradeIngestProcess.Start(
            folder.FullName, environment, "run", "--ws", bases.GetProperty("web_socket").GetString()!,
            "--rest", bases.GetProperty("rest").GetString()!, "--symbols", "ALL", "--data", "captured", "--json");
        TradeIngestProcess.Result health;
        do health = await TradeIngestProcess.RunAsync(folder.FullName, environment, "health", "--json");
        while (health.ExitCode != 0 && !run.HasExited);
        See("health", health.ShouldExitWith(0).Json);
        run.Signal(Signal.Terminate);
        var reports = (await run.WaitAsync()).ShouldExitWith(0).Output.TrimEnd().Split('\n');
        foreach (var report in reports) See("run", JsonDocument.Parse(report).RootElement);
    }

    private async Task CheckSnowflakeAsync(TemporaryFolder folder)
    {
        var none = new Dictionary<string, string>();
        await using var snowflake = TradeIngestProcess.StartProgram(
            SnowflakeTests.Emulator, folder.FullName, none, "--data", folder["emulated.db"], "--key", folder["key.pem"]);
        var environment = SnowflakeTests.EnvironmentOf(await SnowflakeTests.OutputAsync(snowflake));
        foreach (var action in new string[][] { ["--print-bootstrap"], ["--dry-run"], [], ["--drop-channel", "NONE"], ["--reload"] })
        {
            See("migrate", await JsonOfAsync(["migrate", "--target", "snowflake", "--json", .. action]));
        }

        See("check", await JsonOfAsync("check", "--target", "snowflake", "--json"));
        See("status", await JsonOfAsync("status", "--json"));

        async Task<JsonElement> JsonOfAsync(params string[] arguments) =>
            (await TradeIngestProcess.RunAsync(folder.FullName, environment, arguments)).ShouldExitWith(0).Json;
    }

    private async Task CheckAsync(TemporaryFolder folder, int code, params string[] arguments)
    {
        var result = (await TradeIngestProcess.RunAsync(folder.FullName, [.. arguments, "--json"])).ShouldExitWith(code);
        var isNested = arguments[0] is "dimension" or "dlq" or "config" or "symbols";
        See(isNested ? $"{arguments[0]} {arguments[1]}" : arguments[0], result.Json);
        foreach (var line in result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            AssertNames(JsonDocument.Parse(line).RootElement, arguments[0]);
        }
    }

    private void See(string command, JsonElement printed)
    {
        _seen.Add(command);
        AssertNames(printed, command);
    }

    private static void AssertNames(JsonElement element, string where)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) AssertNames(item, where);
        }

        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var property in element.EnumerateObject())
        {
            Assert.IsTrue(SnakeCase().IsMatch(property.Name), $"{where}: {property.Name}");
            AssertNames(property.Value, $"{where}.{property.Name}");
        }
    }

    /// <summary>All commands, as the help lists them.</summary>
    private static async Task<List<string>> CommandsAsync(TemporaryFolder folder, params string[] parents)
    {
        var help = (await TradeIngestProcess.RunAsync(folder.FullName, [.. parents, "--help"])).ShouldExitWith(0).Output;
        if (help.IndexOf("Commands:", StringComparison.Ordinal) is not (var start and >= 0)) return [string.Join(' ', parents)];
        var commands = new List<string>();
        foreach (var name in Listed().Matches(help[start..]).Select(match => match.Groups["name"].Value))
        {
            commands.AddRange(await CommandsAsync(folder, [.. parents, name]));
        }

        return commands;
    }

    private static string FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SnakeCase();

    // Two blanks before a name; what its description goes on with stands further in.
    [GeneratedRegex("^  (?<name>[a-z][a-z-]*)(?= )", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Listed();
}
