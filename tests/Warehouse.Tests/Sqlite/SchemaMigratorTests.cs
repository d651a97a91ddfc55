using Crypto.TestSupport;
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

    private IReadOnlyList<string> Migrate() => new SchemaMigrator(_database, _clock).Migrate();

    private string Schema() => string.Join(
        '\n',
        SqliteContents.Rows(
            _database, "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_master ORDER BY name", row => row.GetText(0)));
}
