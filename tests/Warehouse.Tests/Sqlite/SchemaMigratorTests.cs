using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

[TestClass]
public sealed class SchemaMigratorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SqliteDatabase _database;

    public SchemaMigratorTests() => _database = SqliteDatabase.OpenForWriting(_folder["warehouse.db"], isDurable: false);

    public TestContext TestContext { get; set; } = null!;

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public void Migrate_EmptyDatabase_AppliesVersionedScriptsBeforeRepeatableOnes()
    {
        var applied = Migrate();

        Assert.AreEqual("V0001__tables.sql", applied[0]);
        Assert.AreEqual("R__views.sql", applied[^1]);
    }

    [TestMethod]
    public void Migrate_Twice_DoesNothing()
    {
        Migrate();
        var before = Schema();

        Assert.IsEmpty(Migrate());

        Assert.AreEqual(before, Schema());
    }

    [TestMethod]
    public void Migrate_RepeatableScriptChanged_IsAppliedAgain()
    {
        Migrate();
        var before = Schema();
        _database.Execute("UPDATE SCHEMA_HISTORY SET checksum = 'of another text' WHERE script = 'R__views.sql'; DROP VIEW SILVER_TRADES");

        Assert.AreEqual("R__views.sql", Migrate().Single());

        Assert.AreEqual(before, Schema());
    }

    [TestMethod]
    public void Migrate_AppliedScriptChanged_IsRefusedAndChangesNothing()
    {
        Migrate();
        _database.Execute("UPDATE SCHEMA_HISTORY SET checksum = 'of another text'");
        var before = Schema();

        var failure = Assert.ThrowsExactly<WarehouseException>(Migrate);

        Assert.Contains("V0001__tables.sql", failure.Message);
        Assert.IsFalse(failure.IsTransient);
        Assert.AreEqual(before, Schema());
    }

    [TestMethod]
    public void Migrate_WrittenByANewerVersion_IsRefusedAndChangesNothing()
    {
        Migrate();
        _database.Execute("INSERT INTO SCHEMA_HISTORY (script, checksum, applied_at) VALUES ('V9999__future.sql', '', '')");
        var before = Schema();

        var failure = Assert.ThrowsExactly<WarehouseException>(Migrate);

        Assert.Contains("newer version", failure.Message);
        Assert.Contains("V9999__future.sql", failure.Message);
        Assert.AreEqual(before, Schema());
    }

    [TestMethod]
    public void Migrate_ScriptFails_LeavesNothingBehind()
    {
        // The first script makes this table, too.
        _database.Execute("CREATE TABLE LOG_POSITIONS (wrong TEXT)");
        var before = Schema();

        Assert.ThrowsExactly<StorageException>(Migrate);

        Assert.AreEqual(before, Schema());
    }

    [TestMethod]
    public async Task Migrate_FactsBySymbolAndId_GoOverIntoSegmentsWithNothingLost()
    {
        var symbols = new SymbolTable();
        var (btc, eth) = (symbols.Intern("BTCUSDT"), symbols.Intern("ETHUSDT"));
        var (then, now) = (_folder["then.db"], _folder["now.db"]);
        await using (var warehouse = SqliteWarehouse.Open(now, new SqliteWarehouseOptions(), _clock))
        {
            await warehouse.LoadAsync(
                new BatchBuilder().Of([.. TestTrades.Range(btc, 100, 9_000), .. TestTrades.Range(eth, 1, 5_000), .. TestTrades.Range(btc, 9_010, 9_020)]),
                TestContext.CancellationToken);
        }

        WriteAsBefore(then, now);
        await using (var warehouse = SqliteWarehouse.Open(then, new SqliteWarehouseOptions(), _clock))
        {
            Assert.AreEqual(SqliteContents.Read(now).ToString(), SqliteContents.Read(then).ToString());
            var further = new BatchBuilder(firstOffset: 13_912).Of(TestTrades.Range(btc, 9_000, 9_030));
            Assert.AreEqual(new LoadOutcome(19, 12, 0), await warehouse.LoadAsync(further, TestContext.CancellationToken));
        }

        SqliteContents.AssertSound(then, new SqliteWarehouseOptions());
        using var database = SqliteDatabase.OpenForReading(then);
        CollectionAssert.AreEqual(
            new long[] { 8_192, 5_720, 19 },
            SqliteContents.Rows(database, "SELECT facts FROM FACT_SEGMENTS ORDER BY segment_id", row => row.GetInt64(0)).ToArray());
    }

    /// <summary>A file as the first script made it, with the rows of another.</summary>
    private static void WriteAsBefore(string path, string rows)
    {
        using var script = new StreamReader(typeof(SchemaMigrator).Assembly.GetManifestResourceStream("Crypto.Warehouse.Sqlite.Migrations.V0001__tables.sql")!);
        var tables = script.ReadToEnd();
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.ExecuteDefinition(tables);
        database.Execute($"ATTACH '{rows}' AS rows; PRAGMA foreign_keys = OFF");
        const string Facts = "symbol_key, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags";
        database.Execute(
            $"""
            INSERT INTO FACT_TRADES (fact_id, {Facts}) SELECT fact_id, {Facts} FROM rows.FACT_TRADES;
            INSERT INTO SYMBOLS SELECT *, 1 FROM rows.SYMBOLS;
            CREATE TABLE SCHEMA_HISTORY (script TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL);
            INSERT INTO SCHEMA_HISTORY SELECT * FROM rows.SCHEMA_HISTORY WHERE script = 'V0001__tables.sql';
            CREATE VIEW CONSUMPTION_TRADES AS SELECT fact_id FROM FACT_TRADES;
            CREATE VIEW SILVER_TRADES AS SELECT fact_id FROM CONSUMPTION_TRADES;
            """);
        string[] alike = ["SYMBOL_CHANGES", "DIM_SYMBOL_VERSIONS", "SYMBOL_CONFLICTS", "RAW_BATCHES", "TRADE_COVERAGE", "TRADE_GAPS", "LOG_POSITIONS"];
        foreach (var table in alike) database.Execute($"INSERT INTO {table} SELECT * FROM rows.{table}");
    }

    private IReadOnlyList<string> Migrate() => new SchemaMigrator(_database, _clock).Migrate();

    private string Schema() => string.Join(
        '\n',
        SqliteContents.Rows(
            _database, "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY name", row => row.GetText(0)));
}
