using System.Diagnostics;
using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// Three sinks of one group that share a warehouse (the emulator of Snowflake in a process of its own). They join and leave under
/// load, and every role is killed. <c>CRYPTO_KAFKA_GROUP_TRADES</c>, <c>_RATE</c> and <c>_KILLS</c> make it longer.
/// </summary>
[TestClass]
public sealed class KafkaSinkGroupTests
{
    private static readonly string Emulator = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Crypto.SnowflakeEmulator.exe" : "Crypto.SnowflakeEmulator");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Run_ThreeSinksJoinAndLeaveAndAreKilled_EachTradeOnceAsTheExchangeMadeIt()
    {
        var trades = KafkaTests.Setting("CRYPTO_KAFKA_GROUP_TRADES", 1_500);
        var kills = KafkaTests.Setting("CRYPTO_KAFKA_GROUP_KILLS", 1);
        using var folder = new TemporaryFolder();
        await using var snowflake = TradeIngestProcess.StartProgram(
            Emulator, folder.FullName, new Dictionary<string, string>(
                StringComparer.Ordinal), "--data", folder["emulated.db"], "--key", folder["key.pem"], "--commit-delay-ms", "20");
        var emulator = JsonDocument.Parse(await snowflake.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        await using var kafka = await KafkaDeployment.StartAsync(
            KafkaTests.Setting("CRYPTO_KAFKA_GROUP_RATE", 300), needsMock: false, SettingsOf(emulator));
        (await kafka.RunAsync("migrate", "--target", "snowflake")).ShouldExitWith(0);
        var roles = new Dictionary<string, TradeIngestProcess>(StringComparer.Ordinal)
        {
            ["reference"] = kafka.Start("reference"),
            ["ingest"] = kafka.Start("ingest"),
            ["sink 1"] = kafka.Start("sink"),
        };
        await ReachAsync(kafka, trades / 10, roles);
        roles["sink 2"] = kafka.Start("sink");
        roles["sink 3"] = kafka.Start("sink");

        // A killed sink's partitions stand still until its session ends: one is enough for the short form.
        string[] victims = kills == 1 ? ["sink 1", "ingest", "reference"] : ["sink 1", "ingest", "sink 2", "reference", "sink 3"];
        for (var kill = 0; kill < kills * victims.Length; kill++)
        {
            await ReachAsync(kafka, (long)trades * (kill + 2) / ((kills * victims.Length) + 2), roles);
            var victim = victims[kill % victims.Length];
            await roles[victim].KillAsync();
            roles[victim] = kafka.Start(victim.Split(' ')[0]);
        }

        await ReachAsync(kafka, trades, roles);
        await StopAsync(roles, "sink 2");
        var started = Stopwatch.GetTimestamp();
        var newest = await kafka.NewestTradesAsync();
        while (!newest.ArePassedBy((await kafka.StatusAsync()).ShouldExitWith(0).Json)) await AssertAliveAsync(kafka, roles, started);
        await StopAsync(roles, "ingest");
        while (await kafka.ProgressAsync() is not { Lag: 0, IsWhole: true }) await AssertAliveAsync(kafka, roles, started);
        await StopAsync(roles, "sink 1");
        await StopAsync(roles, "sink 3");

        var verified = (await kafka.RunAsync("verify", "--data", kafka.Data, "--json")).ShouldExitWith(0).Json;
        Assert.IsTrue(verified.GetProperty("passed").GetBoolean());
        CollectionAssert.Contains(
            verified.GetProperty("checks").EnumerateArray().Select(
                check => check.GetProperty("name").GetString()).ToArray(), "oracle_equal");
        TestContext.WriteLine($"{(await kafka.ProgressAsync()).Facts} facts, every role killed {kills} times.");
    }

    private static (string Name, string Value)[] SettingsOf(JsonElement emulator) =>
    [
        ("CRYPTO__Warehouse__Target", "Snowflake"),
        ("CRYPTO__Snowflake__AccountUrl", emulator.GetProperty("url").GetString()!),
        ("CRYPTO__Snowflake__Account", emulator.GetProperty("account").GetString()!),
        ("CRYPTO__Snowflake__User", emulator.GetProperty("user").GetString()!),
        ("CRYPTO__Snowflake__PrivateKeyFile", emulator.GetProperty("key").GetString()!),
        ("CRYPTO__Snowflake__CheckpointInterval", "00:00:00.5"),
    ];

    private static async Task ReachAsync(KafkaDeployment kafka, long facts, Dictionary<string, TradeIngestProcess> roles)
    {
        var started = Stopwatch.GetTimestamp();
        while ((await kafka.ProgressAsync()).Facts < facts) await AssertAliveAsync(kafka, roles, started);
    }

    private static async Task AssertAliveAsync(KafkaDeployment kafka, Dictionary<string, TradeIngestProcess> roles, long started)
    {
        foreach (var (role, process) in roles)
        {
            if (process.HasExited) Assert.Fail($"{role}: {await process.WaitAsync()}");
        }

        if (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(3)) return;
        var messages = string.Join(Environment.NewLine, roles.Select(role => $"{role.Key}: {role.Value.Errors}"));
        Assert.Fail($"Not within three minutes. {(await kafka.StatusAsync()).Output} {messages}");
    }

    private static async Task StopAsync(Dictionary<string, TradeIngestProcess> roles, string role)
    {
        roles.Remove(role, out var process);
        process!.Signal(Signal.Terminate);
        (await process.WaitAsync()).ShouldExitWith(0);
    }
}
