using System.IO.Compression;
using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

[TestClass]
public sealed class ReplayTests
{
    private const int Trades = 30_000;

    [TestMethod]
    public async Task Replay_ArchiveFile_StoresEveryTradeExactly()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var file = sample.WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, Trades);

        var result = await ReplayAsync(folder, file);

        Assert.AreEqual(Trades, result.GetProperty("stored").GetInt64());
        await AssertHoldsAllAsync(folder, sample);
    }

    [TestMethod]
    public async Task Replay_Twice_ChangesNothing()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var file = sample.WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, Trades);
        await ReplayAsync(folder, file);

        var second = await ReplayAsync(folder, file);

        Assert.AreEqual(0, second.GetProperty("stored").GetInt64());
        Assert.AreEqual(Trades, second.GetProperty("duplicates").GetInt64());
        await AssertHoldsAllAsync(folder, sample);
    }

    [TestMethod]
    public async Task Replay_HalvesInReverseOrderAndCompressed_GivesTheSame()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var early = sample.WriteCsv(folder["BTCUSDT-trades-early.csv"], 0, Trades / 2);
        var late = sample.WriteCsv(folder["BTCUSDT-trades-late.csv"], Trades / 2, Trades);
        var zip = folder["BTCUSDT-trades-late.zip"];
        using (var archive = ZipFile.Open(zip, ZipArchiveMode.Create)) archive.CreateEntryFromFile(late, Path.GetFileName(late));

        await ReplayAsync(folder, zip, early);

        await AssertHoldsAllAsync(folder, sample);
    }

    [TestMethod]
    public async Task Replay_KilledHalfWayAgainAndAgain_EndsWithEveryTradeOnce()
    {
        const int Many = 200_000;
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var file = sample.WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, Many);
        var killed = 0;
        foreach (var megabytes in new[] { 0, 2, 6, 12, 20, 30 })
        {
            await using var process = TradeIngestProcess.Start(folder.FullName, "replay", file, "--data", folder["data"], "--json");
            await UntilStoresReachAsync(folder["data"], megabytes << 20, process);
            if (process.HasExited) break;
            await process.KillAsync();
            killed++;
        }

        Assert.IsGreaterThanOrEqualTo(3, killed, "too few kills hit a running replay");
        await ReplayAsync(folder, file);
        await AssertHoldsAllAsync(folder, sample, Many);
    }

    [TestMethod]
    public async Task Replay_FramesOfOtherStreams_AreCounted()
    {
        using var folder = new TemporaryFolder();
        const string Aggregate = """{"e":"aggTrade","E":1,"s":"BTCUSDT","a":1,"p":"1.0","q":"1.0","f":1,"l":1,"T":1,"m":true,"M":true}""";
        await File.WriteAllLinesAsync(folder["other.frames.jsonl"], [Aggregate, Aggregate, new ArchiveSample("BTCUSDT").Frame(0)]);
        string[] replay = ["replay", folder["other.frames.jsonl"], "--data", folder["data"]];

        var summary = (await TradeIngestProcess.RunAsync(folder.FullName, [.. replay, "--json"])).ShouldExitWith(0).Json;
        var text = (await TradeIngestProcess.RunAsync(folder.FullName, replay)).ShouldExitWith(0).Output;

        var file = summary.GetProperty("files")[0];
        Assert.AreEqual((1, 2), (file.GetProperty("trades").GetInt32(), file.GetProperty("other_kinds").GetInt32()));
        Assert.Contains("2 frames of other kinds", text);
    }

    [TestMethod]
    public async Task Replay_TwoRecordingSessions_LeavesOneOpenGapPerSymbol()
    {
        using var folder = new TemporaryFolder();
        var samples = new[] { new ArchiveSample("BTCUSDT"), new ArchiveSample("ETHUSDT"), new ArchiveSample("BNBUSDT") };
        var frames = samples.SelectMany(sample => Enumerable.Range(0, 100).Concat(Enumerable.Range(350, 50)).Select(sample.Frame));
        await File.WriteAllLinesAsync(folder["recorded.frames.jsonl"], frames);

        await ReplayAsync(folder, folder["recorded.frames.jsonl"]);

        var status = await StatusAsync(folder);
        var symbols = status.GetProperty("symbols").EnumerateArray().ToDictionary(symbol => symbol.GetProperty("symbol").GetString()!);
        Assert.HasCount(3, symbols);
        foreach (var sample in samples)
        {
            var gap = symbols[sample.Ticker].GetProperty("open_gaps").EnumerateArray().Single();
            Assert.AreEqual(sample.FirstId + 100, gap.GetProperty("from_id").GetInt64());
            Assert.AreEqual(sample.FirstId + 349, gap.GetProperty("to_id").GetInt64());
        }

        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Replay_MalformedLine_StoresTheOthersAndNamesTheLine()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var lines = Enumerable.Range(0, 100).Select(sample.CsvLine).ToList();
        lines[41] = lines[41].Replace(',', ';');
        await File.WriteAllLinesAsync(folder["BTCUSDT-trades-2026-02-03.csv"], lines);

        string[] replay = ["replay", folder["BTCUSDT-trades-2026-02-03.csv"], "--data", folder["data"], "--json"];
        var first = await TradeIngestProcess.RunAsync(folder.FullName, replay);
        var second = await TradeIngestProcess.RunAsync(folder.FullName, replay);

        Assert.AreEqual(99, first.ShouldExitWith(1).Json.GetProperty("stored").GetInt64());
        Assert.AreEqual(1, second.ShouldExitWith(1).Json.GetProperty("warehouse").GetProperty("rejected").GetInt64());
        var rejected = await QueryAsync(
            folder, "SELECT error_reason, error_detail, CAST(record_content AS TEXT) AS line FROM REJECTED_TRADES");
        Assert.AreEqual("malformed_line", rejected.Single().GetProperty("error_reason").GetString());
        StringAssert.Contains(rejected.Single().GetProperty("error_detail").GetString(), "42");
        Assert.AreEqual(lines[41], rejected.Single().GetProperty("line").GetString());
    }

    [TestMethod]
    public async Task Replay_DamagedZip_StoresNothingAndTheGoodOneEverything()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var csv = sample.WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 1000);
        var (good, bad) = (folder["BTCUSDT-trades-good.zip"], folder["BTCUSDT-trades-bad.zip"]);
        using (var archive = ZipFile.Open(good, ZipArchiveMode.Create)) archive.CreateEntryFromFile(
            csv, Path.GetFileName(csv), CompressionLevel.NoCompression);
        var bytes = await File.ReadAllBytesAsync(good);
        var price = bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(sample.CsvLine(500))) + 12;
        bytes[price] = (byte)(bytes[price] == '9' ? '8' : '9');
        await File.WriteAllBytesAsync(bad, bytes);

        // A good file beside a damaged one is not loaded either: what is wrong shows before anything is stored.
        var refused = await TradeIngestProcess.RunAsync(folder.FullName, "replay", csv, bad, "--data", folder["data"], "--json");
        StringAssert.Contains(refused.ShouldExitWith(2).Errors, "Nothing of it was loaded");
        Assert.IsFalse(Directory.Exists(folder["data"]));

        Assert.AreEqual(1000, (await ReplayAsync(folder, good)).GetProperty("stored").GetInt64());
        await AssertHoldsAllAsync(folder, sample, 1000);
    }

    [TestMethod]
    public async Task Replay_OtherContentForKnownTrades_IsAConflictUntilACorrection()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        var right = sample.WriteCsv(folder["BTCUSDT-trades-right.csv"], 0, 1000);
        var lines = await File.ReadAllLinesAsync(right);
        foreach (var i in new[] { 10, 20, 999 })
        {
            var fields = lines[i].Split(',');
            (fields[1], fields[3]) = ("900.00000000", "0.00000000");
            lines[i] = string.Join(',', fields);
        }

        var wrong = folder["BTCUSDT-trades-wrong.csv"];
        await File.WriteAllLinesAsync(wrong, lines);
        await ReplayAsync(folder, wrong);
        var good = sample.WriteCsv(folder["BTCUSDT-trades-good.csv"], 0, 1000);

        var conflict = await TradeIngestProcess.RunAsync(folder.FullName, "replay", good, "--data", folder["data"], "--json");
        Assert.AreEqual(3, conflict.ShouldExitWith(1).Json.GetProperty("conflicts").GetInt64());
        Assert.AreEqual(997, conflict.Json.GetProperty("duplicates").GetInt64());
        StringAssert.Contains(
            (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(1).Output,
            "no_conflicts");

        var corrected = await TradeIngestProcess.RunAsync(folder.FullName, "replay", good, "--correct", "--data", folder["data"], "--json");
        Assert.AreEqual(3, corrected.ShouldExitWith(0).Json.GetProperty("corrected").GetInt64());
        await AssertHoldsAllAsync(folder, sample, 1000);
        var again = await ReplayAsync(folder, good);
        Assert.AreEqual((1000L, 0L), (again.GetProperty("duplicates").GetInt64(), again.GetProperty("conflicts").GetInt64()));
    }

    [TestMethod]
    public async Task Verify_FactsChangedBehindTheService_NamesThem()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        await ReplayAsync(folder, sample.WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 20_000));
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--quick", "--data", folder["data"])).ShouldExitWith(0);
        foreach (var (name, sql, inQuick) in new[]
        {
            ("prices", "UPDATE FACT_TRADES SET price = price * 2, total_amount_usd = NULL, quality_flags = 2 WHERE trade_id % 2 = 0", true),
            ("sides", "UPDATE FACT_TRADES SET aggressor_side = 3 - aggressor_side", true),
            ("times", "UPDATE FACT_TRADES SET trade_time = trade_time + 1000 WHERE trade_id % 2 = 0", true),
            ("raw", "UPDATE RAW_BATCHES SET records = replace(records, 'SELL', 'BUY')", true),
        })
        {
            var copy = folder[$"data-{name}"];
            Directory.CreateDirectory(copy);
            foreach (var file in Directory.GetFiles(folder["data"])) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            using (var database = Warehouse.Sqlite.SqliteDatabase.OpenForWriting(Path.Combine(copy, "warehouse.db"), isDurable: false))
            {
                database.Execute(sql);
            }

            var full = await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", copy);
            StringAssert.Contains(full.ShouldExitWith(1).Output, "facts_equal_raw", name);
            StringAssert.Contains(full.Output, "BTCUSDT", name);
            (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--quick", "--data", copy)).ShouldExitWith(inQuick ? 1 : 0);
        }
    }

    [TestMethod]
    public async Task Query_ConsumptionView_ShowsNumbersAndSortableTimes()
    {
        using var folder = new TemporaryFolder();
        var sample = new ArchiveSample();
        await ReplayAsync(folder, sample.WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, 1000));

        var rows = await QueryAsync(
            folder, "SELECT * FROM CONSUMPTION_TRADES WHERE trade_time >= '2026-02-03T00:00:01' ORDER BY trade_time, trade_id");

        Assert.IsNotEmpty(rows);
        var times = rows.Select(row => row.GetProperty("trade_time").GetString()!).ToList();
        CollectionAssert.AreEqual(times.Order(StringComparer.Ordinal).ToList(), times);
        foreach (var row in rows)
        {
            var fields = sample.CsvLine((int)(row.GetProperty("trade_id").GetInt64() - sample.FirstId)).Split(',');
            Assert.AreEqual(Normal(fields[1]), row.GetProperty("price").GetDecimal());
            Assert.AreEqual(Normal(fields[2]), row.GetProperty("quantity").GetDecimal());
            Assert.AreEqual(Normal(fields[3]), row.GetProperty("total_amount_usd").GetDecimal());
        }
    }

    private static decimal Normal(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<JsonElement> ReplayAsync(TemporaryFolder folder, params string[] files)
    {
        string[] arguments = ["replay", .. files, "--data", folder["data"], "--json"];
        return (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(0).Json;
    }

    private static async Task<JsonElement> StatusAsync(TemporaryFolder folder)
    {
        string[] arguments = ["status", "--data", folder["data"], "--json"];
        return (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(0).Json;
    }

    private static async Task<List<JsonElement>> QueryAsync(TemporaryFolder folder, string sql)
    {
        string[] arguments = ["query", sql, "--data", folder["data"], "--json"];
        return [.. (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(0).Json.EnumerateArray()];
    }

    private static async Task AssertHoldsAllAsync(TemporaryFolder folder, ArchiveSample sample, int trades = Trades)
    {
        const string Totals = "SELECT count(*) AS facts, exact_sum(total_amount_usd) AS amount FROM FACT_TRADES";
        var totals = (await QueryAsync(folder, Totals)).Single();
        Assert.AreEqual(trades, totals.GetProperty("facts").GetInt64());
        Assert.AreEqual(sample.ExactAmount(0, trades), totals.GetProperty("amount").GetString());

        var status = await StatusAsync(folder);
        var symbol = status.GetProperty("symbols").EnumerateArray().Single();
        var range = symbol.GetProperty("coverage").EnumerateArray().Single();
        Assert.AreEqual(sample.FirstId, range.GetProperty("from_id").GetInt64());
        Assert.AreEqual(sample.FirstId + trades - 1, range.GetProperty("to_id").GetInt64());
        Assert.AreEqual(0, symbol.GetProperty("open_gaps").GetArrayLength());

        var verify = await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"], "--json");
        Assert.IsTrue(verify.ShouldExitWith(0).Json.GetProperty("passed").GetBoolean());
    }

    private static async Task UntilStoresReachAsync(string data, long bytes, TradeIngestProcess process)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!process.HasExited && await timer.WaitForNextTickAsync())
        {
            if (Directory.Exists(data) && new DirectoryInfo(data).EnumerateFiles("log.db*").Sum(LengthOf) > bytes) return;
        }
    }

    // The journal may be gone by the time its length is read.
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}
