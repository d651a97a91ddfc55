using System.Globalization;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// The roles in processes of their own against a simulated exchange, killed. <c>CRYPTO_KAFKA_TRADES</c>, <c>_RATE</c> and <c>_KILLS</c>
/// make it longer.
/// </summary>
[TestClass]
public sealed class KafkaTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Run_EachRoleKilled_MissesNothingAndStoresNothingTwice()
    {
        var trades = Setting("CRYPTO_KAFKA_TRADES", 9_000);
        var kills = Setting("CRYPTO_KAFKA_KILLS", 1);
        await using var kafka = await KafkaDeployment.StartAsync(Setting("CRYPTO_KAFKA_RATE", 2_000));
        string[] roles = ["ingest", "sink", "reference"];
        var running = roles.ToDictionary(role => role, role => kafka.Start(role), StringComparer.Ordinal);
        for (var kill = 0; kill < kills * roles.Length; kill++)
        {
            var wanted = (long)trades * (kill + 1) / ((kills * roles.Length) + 1);
            await kafka.UntilAsync(() => kafka.Stored() >= wanted, Limit, [.. running.Values]);
            var role = roles[kill % roles.Length];
            await running[role].KillAsync();
            running[role] = kafka.Start(role);
        }

        var after = kafka.Stored() + 1_000;
        await kafka.UntilAsync(() => kafka.Stored() >= Math.Max(trades, after), Limit, [.. running.Values]);

        var reports = await kafka.DrainAndVerifyAsync(running["ingest"], running["sink"]);
        TestContext.WriteLine($"{kafka.Stored()} trades stored, each role killed {kills} times. Last ingest: {reports[^1]}");
    }

    [TestMethod]
    public async Task Run_RoleWithTheLogInAFile_SaysWhatItNeeds()
    {
        using var folder = new TemporaryFolder();

        var result = await TradeIngestProcess.RunAsync(folder.FullName, "run", "--role", "sink", "--data", folder["data"]);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, "CRYPTO__Log__Kind=Kafka");
    }

    internal static int Setting(string name, int @default) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : @default;
}
