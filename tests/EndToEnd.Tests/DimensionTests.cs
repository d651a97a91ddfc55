using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>The history of a symbol under kills, contention and mistakes, with the facts that hang on it.</summary>
[TestClass]
public sealed class DimensionTests
{
    private const int Trades = 100_000;
    private const int Changes = 60;

    // The sample's trades happen at 100 a second from here on.
    private static readonly DateTimeOffset Start = new(2026, 2, 3, 0, 0, 0, TimeSpan.Zero);

    [TestMethod]
    public async Task Apply_KilledWhileRekeying_EndsAsIfNothingHadHappened()
    {
        using var folder = new TemporaryFolder();
        var events = await PrepareAsync(folder);
        CopyFolder(folder["data"], folder["twin"]);
        var started = Stopwatch.GetTimestamp();
        (await ApplyAsync(folder, "twin", events, "--force")).ShouldExitWith(0);

        // Each kill comes a twentieth later in the life of the process than the one before, until one lives to its end.
        var step = Stopwatch.GetElapsedTime(started) / 20;
        var killed = 0;
        for (var moment = step; ; moment += step)
        {
            await using var process = TradeIngestProcess.Start(
                folder.FullName, "dimension", "apply", events, "--force", "--data", folder["data"]);
            await Task.Delay(moment, TimeProvider.System);
            if (process.HasExited) break;
            await process.KillAsync();
            killed++;
        }

        Assert.IsGreaterThanOrEqualTo(3, killed, "too few kills hit a running apply");
        (await ApplyAsync(folder, "data", events, "--force")).ShouldExitWith(0);
        Assert.AreEqual(await ContentsAsync(folder, "twin"), await ContentsAsync(folder, "data"));
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
    }

    [TestMethod]
    public async Task Apply_TwoProcessesAtOnce_OneWinsAndTheOtherSaysWho()
    {
        using var folder = new TemporaryFolder();
        var events = await PrepareAsync(folder);
        CopyFolder(folder["data"], folder["twin"]);
        (await ApplyAsync(folder, "twin", events, "--force")).ShouldExitWith(0);

        var both = await Task.WhenAll(ApplyAsync(folder, "data", events, "--force"), ApplyAsync(folder, "data", events, "--force"));

        Assert.IsTrue(both.Any(result => result.ExitCode == 0), both[0].Errors + both[1].Errors);
        foreach (var loser in both.Where(result => result.ExitCode != 0))
        {
            StringAssert.Contains(loser.ShouldExitWith(3).Errors, "is being written by process");
        }

        Assert.AreEqual(await ContentsAsync(folder, "twin"), await ContentsAsync(folder, "data"));
    }

    [TestMethod]
    public async Task Apply_MoreFactsThanTheLimit_ChangesNothingAndSaysHowToGoOn()
    {
        using var folder = new TemporaryFolder();
        var events = await PrepareAsync(folder);
        var before = await ContentsAsync(folder, "data");

        var refused = await ApplyAsync(folder, "data", events, "--rekey-limit", "1000");

        StringAssert.Contains(refused.ShouldExitWith(2).Errors, "--force");
        Assert.AreEqual(before, await ContentsAsync(folder, "data"));
        (await ApplyAsync(folder, "data", events, "--rekey-limit", Trades.ToString(CultureInfo.InvariantCulture))).ShouldExitWith(0);
        Assert.AreNotEqual(before, await ContentsAsync(folder, "data"));
    }

    [TestMethod]
    public async Task Apply_BackDatedChanges_ShowInTheConsumptionViewAndInWhatWasKnown()
    {
        using var folder = new TemporaryFolder();
        var events = await PrepareAsync(folder);
        var knownBefore = TimeProvider.System.GetUtcNow();
        (await ApplyAsync(folder, "data", events, "--force")).ShouldExitWith(0);

        var levels = await QueryAsync(
            folder,
            "data",
            "SELECT risk_level, count(*) AS n, min(trade_time) AS first FROM CONSUMPTION_TRADES GROUP BY risk_level ORDER BY first");
        Assert.AreEqual(Changes, levels.GetArrayLength(), "every change has its facts");
        Assert.AreEqual(Trades, levels.EnumerateArray().Sum(level => level.GetProperty("n").GetInt64()));

        var history = (await RunAsync(folder, "history", "BTCUSDT")).GetProperty("versions").GetArrayLength();
        Assert.AreEqual(Changes, history);
        var known = await RunAsync(folder, "as-known-at", knownBefore.ToString("O", CultureInfo.InvariantCulture));
        Assert.AreEqual(1, known.GetArrayLength(), "before, one inferred version was believed");
        Assert.IsTrue(known[0].GetProperty("is_inferred").GetBoolean());
        Assert.AreEqual(0, (await RunAsync(folder, "rebuild")).GetProperty("different").GetInt32());
    }

    [TestMethod]
    public async Task Apply_BadLines_AppliesTheOthersAndNamesThem()
    {
        using var folder = new TemporaryFolder();
        await PrepareAsync(folder);
        await File.WriteAllLinesAsync(
            folder["bad.csv"],
            ["ticker,sector,risk_level", "BTCUSDT,Gold,LOW", "ETHUSDT;x;y", ",a,b", "SOLUSDT,a,b,yesterday"]);

        var result = await ApplyAsync(folder, "data", folder["bad.csv"]);

        foreach (var line in new[] { "line 3", "line 4", "line 5" }) StringAssert.Contains(result.ShouldExitWith(1).Errors, line);
        var sector = await QueryAsync(folder, "data", "SELECT DISTINCT sector FROM CONSUMPTION_TRADES");
        Assert.AreEqual("Gold", sector.EnumerateArray().Single().GetProperty("sector").GetString());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(60_000)]
    public async Task Apply_ManyLines_OfOneSymbolOrOfAsMany_Ends(int symbols)
    {
        // Looking through all that is known for each line would take longer than a test waits.
        const int Lines = 60_000;
        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(
            folder["many.csv"],
            Enumerable.Range(0, Lines).Select(i => $"S{i % symbols}USDT,{i},LOW,{Start.AddMinutes(i):yyyy-MM-ddTHH:mm:ssZ}")
                .Prepend("ticker,sector,risk_level,valid_from"));

        var applied = (await ApplyAsync(folder, "data", folder["many.csv"], "--json")).ShouldExitWith(0).Json.GetProperty("outcome");

        Assert.AreEqual((Lines, symbols), (applied.GetProperty("new_changes").GetInt32(), applied.GetProperty("new_symbols").GetInt32()));
        var again = (await ApplyAsync(folder, "data", folder["many.csv"], "--json")).ShouldExitWith(0).Json.GetProperty("outcome");
        Assert.AreEqual(0, again.GetProperty("new_changes").GetInt32());
    }

    /// <summary>Trades of BTCUSDT in the folder "data", and a file of changes spread over their times.</summary>
    private static async Task<string> PrepareAsync(TemporaryFolder folder)
    {
        var file = new ArchiveSample().WriteCsv(folder["BTCUSDT-trades-2026-02-03.csv"], 0, Trades);
        (await TradeIngestProcess.RunAsync(folder.FullName, "replay", file, "--data", folder["data"])).ShouldExitWith(0);
        var step = TimeSpan.FromSeconds(Trades / 100.0 / Changes);
        await File.WriteAllLinesAsync(folder["changes.jsonl"], Enumerable.Range(0, Changes).Select(i => Event(i, Start + (step * i))));
        return folder["changes.jsonl"];
    }

    private static string Event(int i, DateTimeOffset time) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"before":null,"after":{"ticker":"BTCUSDT","risk_level":"R{{i}}"},"""
        + $$""" "source":{"ts_ms":{{time.ToUnixTimeMilliseconds()}},"lsn":{{i + 1}}},"op":"u"}""");

    private static Task<TradeIngestProcess.Result> ApplyAsync(TemporaryFolder folder, string data, string file, params string[] more) =>
        TradeIngestProcess.RunAsync(folder.FullName, ["dimension", "apply", file, "--data", folder[data], .. more]);

    private static async Task<JsonElement> RunAsync(TemporaryFolder folder, params string[] verb)
    {
        string[] arguments = ["dimension", .. verb, "--data", folder["data"], "--json"];
        return (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(0).Json;
    }

    private static async Task<JsonElement> QueryAsync(TemporaryFolder folder, string data, string sql) =>
        (await TradeIngestProcess.RunAsync(folder.FullName, "query", sql, "--data", folder[data], "--json")).ShouldExitWith(0).Json;

    /// <summary>Everything but the times of recording, which differ from run to run.</summary>
    private static async Task<string> ContentsAsync(TemporaryFolder folder, string data)
    {
        var versions = await QueryAsync(
            folder,
            data,
            """
            SELECT symbol_key, ticker, risk_level, valid_from, valid_to, is_deleted, is_inferred, change_hash
            FROM DIM_SYMBOL ORDER BY symbol_key
            """);
        var facts = await QueryAsync(
            folder,
            data,
            """
            SELECT symbol_key, count(*) AS n, min(fact_id) AS first, max(fact_id) AS last, sum(fact_id % 1000003) AS ids
            FROM FACT_TRADES GROUP BY symbol_key ORDER BY symbol_key
            """);
        var changes = await QueryAsync(folder, data, "SELECT hash FROM SYMBOL_CHANGES ORDER BY hash");
        return $"{versions}\n{facts}\n{changes}";
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
