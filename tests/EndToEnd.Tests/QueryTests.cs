using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.EndToEnd.Tests;

/// <summary><c>query</c> reads, streams, and leaves nothing else behind.</summary>
[TestClass]
public sealed class QueryTests : IDisposable
{
    private const int Wide = 40_003;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("DELETE FROM FACT_TRADES", "only reads")]
    [DataRow("PRAGMA query_only=OFF; VACUUM INTO 'copied'", "only reads")]
    [DataRow("VACUUM INTO 'copied'", "only reads")]
    [DataRow("ATTACH 'copied' AS c", "only reads")]
    [DataRow("SELECT 1; SELECT 2", "one statement")]
    [DataRow("SELECT a FROM nowhere", "no such table")]
    public async Task Query_MoreThanAReading_ExitsWith2AndWritesNoFile(string sql, string message)
    {
        await ReplayAsync();
        var before = Files();

        var result = await QueryAsync(sql, "--output", _folder["rows"]);

        StringAssert.Contains(result.ShouldExitWith(2).Errors, message);
        CollectionAssert.AreEqual(before, Files());
    }

    [TestMethod]
    [DataRow("table")]
    [DataRow("json")]
    [DataRow("ndjson")]
    [DataRow("csv")]
    public async Task Query_ManyWideRows_NeedsTheMemoryOfAFew(string format)
    {
        Fill(Wide, bytes: 4000);

        // 160 MB of rows in a process that may hold 50.
        var limit = (50L << 20).ToString("X", CultureInfo.InvariantCulture);
        var environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = limit };
        await using var process = TradeIngestProcess.Start(
            _folder.FullName, environment, "query", "SELECT * FROM WIDE", "--format", format, "--output", _folder["rows"], "--data",
            _folder["data"]);

        (await process.WaitAsync()).ShouldExitWith(0);
        Assert.IsGreaterThan(Wide * 4000L, new FileInfo(_folder["rows"]).Length);
        Assert.IsFalse(File.Exists(_folder["rows.part"]));
    }

    [TestMethod]
    public async Task Query_EachFormat_HasEveryRow()
    {
        Fill(1200, bytes: 10);

        Assert.AreEqual(1200, (await QueryAsync("SELECT * FROM WIDE", "--json")).ShouldExitWith(0).Json.GetArrayLength());
        Assert.AreEqual(1200, (await QueryAsync("SELECT * FROM WIDE", "--format", "json")).ShouldExitWith(0).Json.GetArrayLength());
        var lines = (await QueryAsync("SELECT * FROM WIDE", "--format", "ndjson")).ShouldExitWith(0).Output.Trim().Split('\n');
        Assert.AreEqual(
            Enumerable.Range(1, 1200).Sum(), lines.Sum(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetInt32()));
        var csv = (await QueryAsync("SELECT * FROM WIDE", "--format", "csv")).ShouldExitWith(0).Output.Trim().Split('\n');
        Assert.HasCount(1201, csv);
        Assert.AreEqual("id,text", csv[0].TrimEnd());
        StringAssert.EndsWith((await QueryAsync("SELECT * FROM WIDE")).ShouldExitWith(0).Output.TrimEnd(), "1,200 rows");
    }

    [TestMethod]
    public async Task Query_FailsInTheMiddle_SaysThatTheOutputIsNotWhole()
    {
        Fill(1000, bytes: 10);
        const string Sql = "SELECT id, CASE WHEN id = 900 THEN abs(-9223372036854775808) END AS x FROM WIDE";

        var shown = await QueryAsync(Sql, "--format", "csv");
        var written = await QueryAsync(Sql, "--format", "csv", "--output", _folder["rows"]);

        StringAssert.Contains(shown.ShouldExitWith(2).Errors, "is not complete");
        StringAssert.Contains(shown.Errors, "integer overflow");
        StringAssert.Contains(written.ShouldExitWith(2).Errors, "was not written");
        Assert.IsEmpty(Directory.GetFiles(_folder.FullName, "rows*"));
    }

    [TestMethod]
    public async Task Query_OutputExists_IsRefused()
    {
        Fill(1, bytes: 1);
        var warehouse = Path.Combine(_folder["data"], "warehouse.db");

        StringAssert.Contains((await QueryAsync("SELECT 1", "--output", warehouse)).ShouldExitWith(2).Errors, "exists");
    }

    [TestMethod]
    public async Task Query_DamagedWarehouse_ExitsWith3()
    {
        Fill(5000, bytes: 100);
        await using (var file = new FileStream(Path.Combine(_folder["data"], "warehouse.db"), FileMode.Open, FileAccess.Write))
        {
            file.Position = 20 * 4096;
            await file.WriteAsync(new byte[20 * 4096]);
        }

        StringAssert.Contains((await QueryAsync("SELECT count(text) FROM WIDE")).ShouldExitWith(3).Errors, "is damaged");
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
    public async Task Query_IntoAPipeThatIsClosed_EndsThere()
    {
        Fill(1, bytes: 1);
        var endless = EndlessData.Sql.Replace("count(*)", "i", StringComparison.Ordinal);
        const string Script = """ "$1" query "$2" --format ndjson --data "$3" | head -1; exit "${PIPESTATUS[0]}" """;
        using var shell = Process.Start(new ProcessStartInfo(
            "bash", ["-c", Script, "sh", TradeIngestProcess.Executable, endless, _folder["data"]])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        using var patience = Patience.Start();

        Assert.AreEqual("{\"i\":1}", (await shell.StandardOutput.ReadToEndAsync(patience.Token)).Trim());
        await shell.WaitForExitAsync(patience.Token);
        Assert.AreEqual(0, shell.ExitCode);
    }

    private Task<TradeIngestProcess.Result> QueryAsync(string sql, params string[] more) =>
        TradeIngestProcess.RunAsync(_folder.FullName, ["query", sql, "--data", _folder["data"], .. more]);

    private async Task ReplayAsync()
    {
        var file = new ArchiveSample().WriteCsv(_folder["BTCUSDT-trades-2026-02-03.csv"], 0, 10);
        (await TradeIngestProcess.RunAsync(_folder.FullName, "replay", file, "--data", _folder["data"])).ShouldExitWith(0);
    }

    private string[] Files() =>
    [
        .. Directory.EnumerateFiles(_folder.FullName, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("warehouse.db-", StringComparison.Ordinal))
            .Order(),
    ];

    private void Fill(int rows, int bytes)
    {
        using var database = SqliteDatabase.OpenForWriting(Path.Combine(_folder["data"], "warehouse.db"), isDurable: false);
        database.Execute(
            $"""
            CREATE TABLE WIDE (id INTEGER PRIMARY KEY, text TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
            INSERT INTO WIDE SELECT i, hex(randomblob({Math.Max(1, bytes / 2)})) FROM n;
            """);
    }
}
