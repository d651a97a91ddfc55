using System.Globalization;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>Ranges, days and files fetched into a data folder that nothing else uses.</summary>
[TestClass]
public sealed class BackfillTests
{
    private static long First => RecordedExchange.Sample.FirstId;

    [TestMethod]
    public async Task Backfill_Ids_FetchesWhatIsMissingOfThemOnce()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder);

        var first = await BackfillAsync(folder, exchange, "BTCUSDT", "--from-id", Text(First + 100), "--to-id", Text(First + 5_099));
        var wider = await BackfillAsync(folder, exchange, "btcusdt", "--from-id", Text(First), "--to-id", Text(First + 5_999));

        Assert.AreEqual((5_000, 0), Counts(first));
        Assert.AreEqual((1_000, 5_000), Counts(wider));
        await AssertHoldsAsync(folder, 0, 6_000);
        Assert.AreEqual(
            6_000, StoredTrades.Count(folder["data"], "SELECT count(*) FROM CONSUMPTION_TRADES WHERE ingest_source = 'BACKFILL'"));
    }

    [TestMethod]
    public async Task Backfill_IdsThatTheExchangeDoesNotHave_AreCounted()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder);
        var last = First + RecordedExchange.Trades - 1;

        var result = await BackfillAsync(folder, exchange, "BTCUSDT", "--from-id", Text(last - 9), "--to-id", Text(last + 500));

        Assert.AreEqual((10, 500), (result.GetProperty("trades").GetInt64(), result.GetProperty("absent").GetInt64()));
        await AssertHoldsAsync(folder, RecordedExchange.Trades - 10, RecordedExchange.Trades);
    }

    [TestMethod]
    public async Task Backfill_Times_FetchesTheTradesBetween()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder);

        await BackfillAsync(folder, exchange, "BTCUSDT", "--from", "2026-02-03T06:00:00Z", "--to", "2026-02-03T12:30:00Z");

        await AssertHoldsAsync(
            folder, RecordedExchange.FirstAt("2026-02-03T06:00:00Z"), RecordedExchange.FirstAt("2026-02-03T12:30:00Z"));
    }

    [TestMethod]
    public async Task Backfill_Dates_DownloadsAndVerifiesThemOnceAndNamesAMissingOne()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder);
        string[] days = ["BTCUSDT", "--archive-address", exchange.Rest, "--dates"];

        var first = await BackfillAsync(folder, exchange, [.. days, "2026-02-03..2026-02-04"]);
        var wider = await RunAsync(folder, exchange, [.. days, "2026-02-03..2026-02-06"]);
        var again = await BackfillAsync(folder, exchange, [.. days, "2026-02-05"]);

        Assert.AreEqual(RecordedExchange.FirstAt("2026-02-05"), first.GetProperty("trades").GetInt32());
        StringAssert.Contains(wider.ShouldExitWith(1).Errors, "2026-02-06");
        Assert.AreEqual(2, wider.Json.GetProperty("known_days").GetArrayLength());
        Assert.AreEqual(("2026-02-05", 0), (again.GetProperty("known_days")[0].GetString(), again.GetProperty("trades").GetInt32()));
        await AssertHoldsAsync(folder, 0, RecordedExchange.Trades);
        Assert.AreEqual(
            RecordedExchange.Trades,
            StoredTrades.Count(folder["data"], "SELECT count(*) FROM CONSUMPTION_TRADES WHERE ingest_source = 'REPLAY'"));
        Assert.IsEmpty(Directory.GetFileSystemEntries(Path.Combine(folder["data"], "backfill")));
    }

    [TestMethod]
    public async Task Backfill_FolderOfArchives_LoadsThem()
    {
        using var folder = new TemporaryFolder();
        RecordedExchange.WriteArchive(folder["archive"], "2026-02-04");
        RecordedExchange.WriteArchive(folder["archive"], "2026-02-03");

        var result = await TradeIngestProcess.RunAsync(
            folder.FullName, "backfill", "BTCUSDT", "--archive", folder["archive"], "--data", folder["data"]);

        StringAssert.Contains(result.ShouldExitWith(0).Output, "fetched");
        await AssertHoldsAsync(folder, 0, RecordedExchange.FirstAt("2026-02-05"));
    }

    [TestMethod]
    public async Task Backfill_ArchiveOfAnotherChecksum_LoadsNothing()
    {
        using var folder = new TemporaryFolder();
        RecordedExchange.WriteArchive(folder["archive"], "2026-02-03");
        var path = RecordedExchange.WriteArchive(folder["archive"], "2026-02-04");
        var checksum = await File.ReadAllTextAsync(path + ".CHECKSUM");
        await File.WriteAllTextAsync(path + ".CHECKSUM", (checksum[0] == '0' ? '1' : '0') + checksum[1..]);

        var result = await TradeIngestProcess.RunAsync(
            folder.FullName, "backfill", "--archive", folder["archive"], "--data", folder["data"]);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, "is not the file its checksum was made from");
        Assert.IsEmpty(StoredTrades.Coverage(folder["data"]));
    }

    [TestMethod]
    public async Task Backfill_KilledHalfWayAgainAndAgain_GoesOnWhereItWas()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder, "latency=250ms");
        string[] all = ["BTCUSDT", "--from-id", Text(First), "--to-id", Text(First + RecordedExchange.Trades - 1)];
        for (var kill = 1; kill <= 3; kill++)
        {
            await using var process = Start(folder, exchange, all);
            var wanted = kill * 4_000;
            await UntilAsync(() => Stored(folder) >= wanted);
            await process.KillAsync();
        }

        var stored = Stored(folder);
        var result = await BackfillAsync(folder, exchange, all);

        Assert.IsLessThan(RecordedExchange.Trades, stored, "The last kill came too late to be one.");
        Assert.IsGreaterThanOrEqualTo(stored, result.GetProperty("known").GetInt64());
        Assert.AreEqual(RecordedExchange.Trades, result.GetProperty("known").GetInt64() + result.GetProperty("trades").GetInt64());
        await AssertHoldsAsync(folder, 0, RecordedExchange.Trades);
    }

    [TestMethod]
    public async Task Backfill_Interrupted_ShowsItsRateAndLosesNothing()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder, "latency=500ms");
        string[] all = ["BTCUSDT", "--from-id", Text(First), "--to-id", Text(First + RecordedExchange.Trades - 1)];
        await using (var process = TradeIngestProcess.Start(
            folder.FullName, ["backfill", .. all, "--rest", exchange.Rest, "--data", folder["data"]]))
        {
            var lines = await process.WaitForErrorsAsync(text => text.Contains(" left", StringComparison.Ordinal));
            StringAssert.Contains(lines, "a second");
            process.Signal(Signal.Interrupt);
            (await process.WaitAsync()).ShouldExitWith(130);
        }

        await BackfillAsync(folder, exchange, "BTCUSDT", "--from-id", Text(First), "--to-id", Text(First + 5_999));

        var coverage = StoredTrades.Coverage(folder["data"]).Single().Covered.Single();
        await AssertHoldsAsync(folder, 0, (int)(coverage.To - First + 1));
    }

    [TestMethod]
    public async Task Backfill_WithoutARange_FillsAllOpenGaps()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder);
        string[] parts = [folder["BTCUSDT-trades-1.csv"], folder["BTCUSDT-trades-2.csv"], folder["BTCUSDT-trades-3.csv"]];
        RecordedExchange.Sample.WriteCsv(parts[0], 0, 10);
        RecordedExchange.Sample.WriteCsv(parts[1], 20, 30);
        RecordedExchange.Sample.WriteCsv(parts[2], 3_000, 3_010);
        (await TradeIngestProcess.RunAsync(folder.FullName, ["replay", .. parts, "--data", folder["data"]])).ShouldExitWith(0);
        Assert.HasCount(2, StoredTrades.Coverage(folder["data"]).Single().OpenGaps);

        var result = await BackfillAsync(folder, exchange);

        Assert.AreEqual(2_980, result.GetProperty("trades").GetInt64());
        await AssertHoldsAsync(folder, 0, 3_010);
    }

    [TestMethod]
    public async Task Backfill_UnknownSymbol_IsWrongUsage()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder);

        var byId = await RunAsync(folder, exchange, "NOPEUSDT", "--from-id", "1", "--to-id", "2");
        var byDay = await RunAsync(folder, exchange, "NOPEUSDT", "--dates", "2026-02-03", "--archive-address", exchange.Rest);

        StringAssert.Contains(byId.ShouldExitWith(2).Errors, "knows no such symbol");
        StringAssert.Contains(byDay.ShouldExitWith(2).Errors, "Check the symbol");
    }

    [TestMethod]
    public async Task Backfill_PlaceRefused_EndsAndNamesTheArchive()
    {
        using var folder = new TemporaryFolder();
        await using var exchange = await RecordedExchange.StartAsync(folder, "rest-status=403:1");

        var refused = await RunAsync(folder, exchange, "BTCUSDT", "--from-id", "1", "--to-id", "2");

        StringAssert.Contains(refused.ShouldExitWith(3).Errors, "--archive");
    }

    [TestMethod]
    [DataRow("lies behind", "BTCUSDT", "--from-id", "9", "--to-id", "3")]
    [DataRow("both ends", "BTCUSDT", "--from-id", "9")]
    [DataRow("not a whole number", "BTCUSDT", "--from-id", "x", "--to-id", "3")]
    [DataRow("Give one of", "BTCUSDT", "--from-id", "1", "--to-id", "3", "--dates", "2026-02-03")]
    [DataRow("name it", "--dates", "2026-02-03")]
    [DataRow("no range of days", "BTCUSDT", "--dates", "2026-02-31")]
    [DataRow("backwards", "BTCUSDT", "--dates", "2026-02-04..2026-02-03")]
    [DataRow("not over yet", "BTCUSDT", "--dates", "2999-01-01")]
    [DataRow("in the future", "BTCUSDT", "--from", "2026-02-03", "--to", "2999-01-01")]
    [DataRow("is not an ISO 8601", "BTCUSDT", "--from", "yesterday", "--to", "2026-02-03")]
    [DataRow("cannot be a symbol", "BTC/USDT", "--from-id", "1", "--to-id", "3")]
    [DataRow("no HTTP address", "BTCUSDT", "--dates", "2026-02-03", "--archive-address", "archive")]
    [DataRow("holds no archive", "--archive", ".")]
    [DataRow("does not exist", "--archive", "BTCUSDT-trades-2026-02-03.zip")]
    [DataRow("Nothing of 'ETHUSDT' is stored", "ETHUSDT")]
    public async Task Backfill_BadInput_IsNamed(string fault, params string[] arguments)
    {
        using var folder = new TemporaryFolder();

        var result = await TradeIngestProcess.RunAsync(folder.FullName, ["backfill", .. arguments, "--data", folder["data"]]);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, fault);
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    private static (long Trades, long Known) Counts(JsonElement result) =>
        (result.GetProperty("trades").GetInt64(), result.GetProperty("known").GetInt64());

    private static long Stored(TemporaryFolder folder) =>
        StoredTrades.Coverage(folder["data"]).Sum(symbol => symbol.Count(CoverageState.Stored));

    private static TradeIngestProcess Start(TemporaryFolder folder, RecordedExchange exchange, params string[] arguments) =>
        TradeIngestProcess.Start(
            folder.FullName, ["backfill", .. arguments, "--rest", exchange.Rest, "--data", folder["data"], "--json"]);

    private static async Task<TradeIngestProcess.Result> RunAsync(
        TemporaryFolder folder, RecordedExchange exchange, params string[] arguments)
    {
        await using var process = Start(folder, exchange, arguments);
        return await process.WaitAsync();
    }

    private static async Task<JsonElement> BackfillAsync(TemporaryFolder folder, RecordedExchange exchange, params string[] arguments) =>
        (await RunAsync(folder, exchange, arguments)).ShouldExitWith(0).Json;

    /// <summary>Exactly these trades of the sample, each once and as it was made.</summary>
    private static async Task AssertHoldsAsync(TemporaryFolder folder, int from, int to)
    {
        var coverage = StoredTrades.Coverage(folder["data"]).Single();
        Assert.AreEqual(new IdRange(First + from, First + to - 1), coverage.Covered.Single());
        var amount = (await TradeIngestProcess.RunAsync(
            folder.FullName, "query", "SELECT count(*) AS facts, exact_sum(total_amount_usd) AS amount FROM FACT_TRADES",
            "--format", "json", "--data", folder["data"])).ShouldExitWith(0).Json[0];
        Assert.AreEqual(to - from, amount.GetProperty("facts").GetInt32());
        Assert.AreEqual(RecordedExchange.Sample.ExactAmount(from, to), amount.GetProperty("amount").GetString());
        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"], "--json")).ShouldExitWith(0);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition()) await timer.WaitForNextTickAsync(limit.Token);
    }
}
