using System.Diagnostics;
using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// The executable as it is built with <c>-p:SnowflakeDriver=true</c>, with a stand-in where Snowflake's package would be. The emulator has
/// no SQL REST interface here: each statement can only go through the provider's factory.
/// </summary>
[TestClass]
public sealed class SnowflakeDriverTests
{
    private static TemporaryFolder _build = null!;

    private static string Executable =>
        _build[Path.Combine("bin", "TradeIngest", "release", Path.GetFileName(TradeIngestProcess.Executable))];

    [ClassInitialize]
    public static async Task BuildAsync(TestContext context)
    {
        _build = new TemporaryFolder();
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [
                "build", Path.Combine(
                    Repository.Root, "src",
                    "TradeIngest"), "-c", "Release", "--nologo", "-v", "quiet", "--artifacts-path", _build.FullName, "-nodeReuse:false",
                "-p:RunAnalyzers=false", "-p:SnowflakeDriver=true",
                $"-p:SnowflakeDriverAssembly={Path.Combine(AppContext.BaseDirectory, "Snowflake.Data.dll")}",
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var build = Process.Start(start)!;
        var output = await build.StandardOutput.ReadToEndAsync(context.CancellationToken);
        await build.WaitForExitAsync(context.CancellationToken);
        Assert.AreEqual(0, build.ExitCode, output);
    }

    [ClassCleanup]
    public static void DeleteBuild() => _build.Dispose();

    [TestMethod]
    [Timeout(240_000, CooperativeCancellation = true)]
    public async Task Run_AccessDriver_StatementsGoThroughTheProvidersFactory()
    {
        using var folder = new TemporaryFolder();
        await using var snowflake = TradeIngestProcess.StartProgram(
            SnowflakeTests.Emulator, folder.FullName, new Dictionary<string, string>(), "--data", folder["emulated.db"], "--key",
            folder["key.pem"], "--sql-interface", "false");
        var environment = SnowflakeTests.EnvironmentOf(await SnowflakeTests.OutputAsync(snowflake));
        environment["CRYPTO__Snowflake__Access"] = "Driver";
        environment["SNOWFLAKE_STAND_IN_DATA"] = folder["emulated.db"];
        TradeIngestProcess Start(params string[] arguments) =>
            TradeIngestProcess.StartProgram(Executable, folder.FullName, environment, arguments);
        async Task<TradeIngestProcess.Result> Command(params string[] arguments)
        {
            await using var command = Start(arguments);
            return await command.WaitAsync();
        }

        StringAssert.Contains((await Command("migrate", "--target", "snowflake")).ShouldExitWith(0).Output, "V0001__tables.sql");
        StringAssert.Contains((await Command("migrate", "--target", "snowflake")).ShouldExitWith(0).Output, "up to date");
        (await Command("check", "--target", "snowflake")).ShouldExitWith(0);

        await using var exchange = TradeIngestProcess.Start(
            folder.FullName, "simulate", "--symbols", "BTCUSDT,ETHUSDT", "--rate", "400", "--data", folder["data"], "--json");
        var bases = await SnowflakeTests.OutputAsync(exchange);
        async Task<long> Facts() =>
            (await Command("status", "--data", folder["data"], "--json")).ShouldExitWith(0).Json
                .GetProperty("totals").GetProperty("facts").GetInt64();
        async Task RunBeyondAsync(long facts)
        {
            await using var run = Start(
                "run", "--ws", bases.GetProperty("web_socket").GetString()!, "--rest", bases.GetProperty("rest").GetString()!, "--symbols",
                "ALL", "--data", folder["data"], "--json");
            await SnowflakeTests.UntilAsync(async () => await Facts() > facts, run);
            run.Signal(Signal.Terminate);
            (await run.WaitAsync()).ShouldExitWith(0);
            var verdict = (await Command("verify", "--data", folder["data"], "--json")).ShouldExitWith(0).Json;
            CollectionAssert.Contains(
                verdict.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()).ToArray(),
                "oracle_equal");
        }

        await RunBeyondAsync(500);
        var first = await Facts();
        StringAssert.Contains(
            (await Command("migrate", "--target", "snowflake", "--reload")).ShouldExitWith(0).Output,
            "reads the log from its first record");
        Assert.AreEqual(0, await Facts());
        await RunBeyondAsync(first);
        Assert.IsGreaterThan(first, await Facts());
        const string OneRow = "SELECT TICKER, PRICE, TRADE_TIME, TOTAL_AMOUNT_USD FROM CONSUMPTION_TRADES LIMIT 1";
        var row = (await Command("query", OneRow, "--json")).ShouldExitWith(0).Json[0];
        Assert.AreEqual(JsonValueKind.String, row.GetProperty("PRICE").ValueKind, "Exact decimals are text.");
        Assert.AreEqual(8, row.GetProperty("PRICE").GetString()!.Split('.')[1].Length);

        snowflake.Signal(Signal.Terminate);
        (await snowflake.WaitAsync()).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Migrate_AccessDriverInABuildWithoutIt_SaysHowToGetIt()
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string>
        {
            ["CRYPTO__Snowflake__Account"] = "myorg-account1",
            ["CRYPTO__Snowflake__Access"] = "Driver",
            ["CRYPTO__Snowflake__PrivateKeyFile"] = folder["key.pem"],
        };
        using (var rsa = System.Security.Cryptography.RSA.Create(2048))
        {
            await File.WriteAllTextAsync(folder["key.pem"], rsa.ExportPkcs8PrivateKeyPem());
        }

        var result = await TradeIngestProcess.RunAsync(folder.FullName, environment, "migrate", "--target", "snowflake");

        Assert.AreNotEqual(0, result.ExitCode);
        StringAssert.Contains(result.Errors, "-p:SnowflakeDriver=true");
    }
}
