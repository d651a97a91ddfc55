using System.Diagnostics;
using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// Disks that are full or read-only, files that are damaged: a clear message, the documented exit code, nothing stored is lost.
/// </summary>
[TestClass]
public sealed class FailingStoreTests
{
    // A mount namespace, so that the small disk vanishes with the script. Who is not root mounts in a user namespace, or by sudo where
    // the system allows none (Ubuntu 24.04).
    private const string NamespaceScript =
        """
        [ "$(id -u)" -eq 0 ] && exec unshare --mount "$@"
        unshare --user --map-root-user --mount true && exec unshare --user --map-root-user --mount "$@"
        exec sudo -n unshare --mount "$@"
        """;

    // A remount names the source too: without it, mount(8) repeats the options of before, of which "uid=" is refused in a user namespace.
    private const string DiskScript =
        """
        set -u
        disk=$1 exe=$2 small=$3 large=$4
        mount -t tmpfs -o size=8m tmpfs "$disk"
        "$exe" replay "$small" --data "$disk/data" --json > /dev/null; echo "small $?"
        cat /dev/zero > "$disk/filler" 2> /dev/null
        "$exe" status --data "$disk/data" --json > /dev/null; echo "no room: status $?"
        "$exe" replay "$large" --data "$disk/data" --json > /dev/null; echo "no room: replay $?"
        rm "$disk/filler"
        "$exe" replay "$large" --data "$disk/data" --json > /dev/null; echo "full $?"
        mount -o remount,size=9m tmpfs "$disk"
        "$exe" status --data "$disk/data" --json > /dev/null; echo "status $?"
        "$exe" query "SELECT count(*) AS n FROM FACT_TRADES WHERE trade_id < $5" --data "$disk/data" --json | tr -d ' \n'; echo
        "$exe" verify --data "$disk/data" > /dev/null; echo "verify $?"
        mount -o remount,ro tmpfs "$disk"
        "$exe" replay "$large" --data "$disk/data" --json > /dev/null; echo "readonly $?"
        "$exe" status --data "$disk/data" --json > /dev/null; echo "status $?"
        mount -o remount,rw,size=300m tmpfs "$disk"
        "$exe" replay "$large" --data "$disk/data" --json > /dev/null; echo "again $?"
        "$exe" query "SELECT count(*) AS n FROM FACT_TRADES" --data "$disk/data" --json | tr -d ' \n'; echo
        "$exe" verify --data "$disk/data" > /dev/null; echo "verify $?"
        """;

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public async Task Replay_DiskFullThenReadOnlyThenLarger_LosesNothing()
    {
        const int Small = 1_000;
        const int Large = 100_000;
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var small = sample.WriteCsv(folder["BTCUSDT-trades-small.csv"], 0, Small);
        var large = sample.WriteCsv(folder["BTCUSDT-trades-large.csv"], 0, Large);
        Directory.CreateDirectory(folder["disk"]);

        var firstId = (sample.FirstId + Small).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var (output, errors) = await InMountNamespaceAsync(folder["disk"], TradeIngestProcess.Executable, small, large, firstId);

        Assert.AreEqual(
            $$"""
            small 0
            no room: status 3
            no room: replay 3
            full 3
            status 0
            [{"n":{{Small}}}]
            verify 0
            readonly 2
            status 0
            again 0
            [{"n":{{Large}}}]
            verify 0
            """,
            output.Trim(),
            errors);
        StringAssert.Contains(errors, "is full. Free some space and start again");
        StringAssert.Contains(errors, "cannot be written");
    }

    [TestMethod]
    public async Task Replay_DamagedWarehouse_SaysWhichFileAndLeavesItAlone()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 1000);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"])).ShouldExitWith(0);
        var warehouse = Path.Combine(folder["data"], "warehouse.db");
        await using (var stream = File.OpenWrite(warehouse)) await stream.WriteAsync("no database any more"u8.ToArray());
        var damaged = await File.ReadAllBytesAsync(warehouse);

        var replay = await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"]);
        var status = await TradeIngestProcess.RunAsync(folder.FullName, "status", "--data", folder["data"]);

        StringAssert.Contains(replay.ShouldExitWith(3).Errors, "warehouse.db' is damaged");
        StringAssert.Contains(status.ShouldExitWith(3).Errors, "warehouse.db' is damaged");
        CollectionAssert.AreEqual(damaged, await File.ReadAllBytesAsync(warehouse));
    }

    [TestMethod]
    public async Task Replay_WarehouseDeletedBesideItsLog_IsFilledFromTheLog()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 1000);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"])).ShouldExitWith(0);
        foreach (var part in Directory.EnumerateFiles(folder["data"], "warehouse.db*")) File.Delete(part);

        var replay = await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"], "--json");

        Assert.AreEqual(1000, replay.ShouldExitWith(0).Json.GetProperty("warehouse").GetProperty("facts").GetInt64());
        Assert.AreEqual(1000, replay.Json.GetProperty("duplicates").GetInt64());
    }

    [TestMethod]
    public async Task Commands_WrongUsage_ExitWith2AndAMessage()
    {
        using var folder = new TemporaryFolder();
        (string[] Arguments, string Message)[] cases =
        [
            (["nonsense"], "nonsense"),
            (["replay", "nowhere-trades-1.csv"], "does not exist"),
            (["status", "--data", folder["none"]], "Check --data"),
            (["verify", "--data", folder["none"]], "Check --data"),
            (["run", "--ws", "localhost", "--rest", "ftp://x", "--symbols", ","], "--ws"),
            (["run", "--ws", "localhost", "--rest", "ftp://x", "--symbols", ","], "--rest"),
            (["run", "--ws", "localhost", "--rest", "ftp://x", "--symbols", ","], "--symbols"),
            (["demo", "--symbols", "no such!"], "NO"),
            (["demo", "--for", "soon"], "--for"),
            (["demo", "--rate", "fast"], "--rate"),
            (["demo", "--trades", "0"], "--trades"),
            (["simulate", "--rate", "-1"], "--rate"),
        ];
        foreach (var (arguments, message) in cases)
        {
            var result = await TradeIngestProcess.RunAsync(folder.FullName, arguments);
            Assert.AreEqual(2, result.ExitCode, $"{string.Join(' ', arguments)}: {result.Output} {result.Errors}");
            StringAssert.Contains(result.Errors, message);
        }
    }

    [TestMethod]
    public async Task Run_UnreachableHost_ExitsWith3AndNamesIt()
    {
        using var folder = new TemporaryFolder();

        var result = await TradeIngestProcess.RunAsync(
            folder.FullName, "run", "--ws", "ws://127.0.0.1:1", "--rest", "http://127.0.0.1:1", "--symbols", "BTCUSDT",
            "--data", folder["data"]);

        StringAssert.Contains(result.ShouldExitWith(3).Errors, "Cannot reach http://127.0.0.1:1");
    }

    [TestMethod]
    public async Task Replay_DamagedLog_ExitsWith3AndNamesIt()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 1000);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"])).ShouldExitWith(0);
        var log = Path.Combine(folder["data"], "log.db");
        using (var database = SqliteDatabase.OpenForWriting(log, isDurable: false)) database.Execute("UPDATE LOG_BATCHES SET checksum = "
            + "checksum + 1");
        foreach (var part in Directory.EnumerateFiles(folder["data"], "warehouse.db*")) File.Delete(part);

        var replay = await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"]);

        StringAssert.Contains(replay.ShouldExitWith(3).Errors, "log.db");
        StringAssert.Contains(replay.Errors, "damaged");
    }

    [TestMethod]
    public async Task Replay_OtherNumberOfPartitions_IsAMatterOfConfiguration()
    {
        using var folder = new TemporaryFolder();
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 10);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"])).ShouldExitWith(0);

        var replay = await TradeIngestProcess.RunAsync(
            folder.FullName, new Dictionary<string, string> { ["CRYPTO__Log__Partitions"] = "3" }, "replay", file, "--data",
            folder["data"]);

        StringAssert.Contains(replay.ShouldExitWith(2).Errors, "1 partitions, configured are 3");
    }

    private static async Task<(string Output, string Errors)> InMountNamespaceAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(
            "bash", ["-c", NamespaceScript, "namespace", "bash", "-c", DiskScript, "disk", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (output, await errors);
    }
}
