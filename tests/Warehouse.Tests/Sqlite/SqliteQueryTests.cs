using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>What a person types reads and does nothing else.</summary>
[TestClass]
public sealed class SqliteQueryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SqliteQueryTests()
    {
        using var database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        database.Execute(
            "CREATE TABLE T (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX T_BY_TEXT ON T (text); INSERT INTO T (text) VALUES ('a'), "
                + "(NULL)");
        database.Execute("CREATE VIEW V AS SELECT t.id, j.value FROM T AS t, json_each('[1,2]') AS j");
    }

    private string Path => _folder["store.db"];

    private string Other => _folder["other"];

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("VACUUM INTO '{other}'")]
    [DataRow("PRAGMA query_only = OFF; VACUUM INTO '{other}'")]
    [DataRow("PRAGMA query_only = OFF")]
    [DataRow("VACUUM")]
    [DataRow("ATTACH '{other}' AS other")]
    [DataRow("ATTACH ':memory:' AS other")]
    [DataRow("DETACH main")]
    [DataRow("PRAGMA journal_mode = DELETE")]
    [DataRow("SELECT * FROM pragma_journal_mode('delete', 'main')")]
    [DataRow("PRAGMA writable_schema = ON")]
    [DataRow("PRAGMA user_version = 7")]
    [DataRow("PRAGMA temp_store_directory = '{folder}'")]
    [DataRow("PRAGMA mmap_size = 1000000000")]
    [DataRow("PRAGMA cache_size = 1000000")]
    [DataRow("PRAGMA wal_checkpoint(TRUNCATE)")]
    [DataRow("PRAGMA optimize")]
    [DataRow("BEGIN")]
    [DataRow("BEGIN IMMEDIATE")]
    [DataRow("SAVEPOINT s")]
    [DataRow("COMMIT")]
    [DataRow("ROLLBACK")]
    [DataRow("INSERT INTO T (text) VALUES ('b')")]
    [DataRow("INSERT INTO T (text) VALUES ('b') RETURNING id")]
    [DataRow("WITH n AS (SELECT 1) UPDATE T SET text = 'b'")]
    [DataRow("DELETE FROM T")]
    [DataRow("UPDATE sqlite_master SET sql = ''")]
    [DataRow("CREATE TABLE X (id)")]
    [DataRow("CREATE TEMP TABLE X (id)")]
    [DataRow("CREATE TEMP VIEW X AS SELECT 1")]
    [DataRow("CREATE TEMP TRIGGER X AFTER INSERT ON T BEGIN SELECT 1; END")]
    [DataRow("CREATE VIRTUAL TABLE X USING fts5(text)")]
    [DataRow("DROP TABLE T")]
    [DataRow("ALTER TABLE T ADD COLUMN b")]
    [DataRow("CREATE INDEX I ON T (text)")]
    [DataRow("ANALYZE")]
    [DataRow("REINDEX")]
    [DataRow("EXPLAIN DELETE FROM T")]
    [DataRow("SELECT load_extension('{other}')")]
    [DataRow("SELECT fts3_tokenizer('simple')")]
    [DataRow("SELECT fts3_tokenizer('simple', x'00')")]
    [DataRow("SELECT writefile('{other}', 'x')")]
    [DataRow("SELECT 1; SELECT 2")]
    [DataRow("SELECT 1; DELETE FROM T")]
    [DataRow("SELECT 1; nonsense")]
    [DataRow("")]
    [DataRow("-- nothing")]
    [DataRow("SELECT a FROM nowhere")]
    public void Prepare_MoreThanOneReading_IsRefusedAndChangesNothing(string sql)
    {
        var before = Contents();
        using var database = SqliteDatabase.OpenForReading(Path);

        var failure = Assert.ThrowsExactly<WarehouseException>(() =>
        {
            using var query = SqliteQuery.Prepare(
                database,
                sql.Replace("{other}", Other, StringComparison.Ordinal).Replace("{folder}", _folder.FullName, StringComparison.Ordinal));
            while (query.Step())
            {
                // Some ask only while they run.
            }
        });

        Assert.IsFalse(failure.IsTransient);
        Assert.MatchesRegex("^(A query only reads|A query is one statement|There is no statement|The query failed)", failure.Message);
        Assert.AreEqual(before, Contents());
        CollectionAssert.AreEqual(
            new[] { "store.db" },
            Directory.EnumerateFiles(_folder.FullName).Select(file => System.IO.Path.GetFileName(file)).Where(
                name => !name.StartsWith("store.db-", StringComparison.Ordinal)).ToArray());
    }

    [TestMethod]
    [DataRow("SELECT count(*) FROM T", "2")]
    [DataRow("SELECT count(*) FROM T; ", "2")]
    [DataRow("SELECT count(*) FROM T; -- all of it", "2")]
    [DataRow("-- all of it\nSELECT count(*) FROM T", "2")]
    [DataRow("SELECT sum(value) FROM V", "6")]
    [DataRow("SELECT count(*) FROM json_each('[1,2,3]')", "3")]
    [DataRow("SELECT group_concat(name) FROM pragma_table_info('T')", "id,text")]
    [DataRow("SELECT count(*) FROM pragma_table_list WHERE name IN ('T', 'V')", "2")]
    [DataRow("SELECT type FROM sqlite_master WHERE name = 'V'", "view")]
    [DataRow("PRAGMA query_only", "1")]
    [DataRow("PRAGMA user_version", "0")]
    [DataRow("PRAGMA quick_check", "ok")]
    [DataRow("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT max(i) FROM n", "10")]
    [DataRow("SELECT exact_sum(id) FROM T", "0.00000003")]
    [DataRow("SELECT 2.5 AS x", "2.5")]
    [DataRow("VALUES (x'00ff')", "00FF")]
    public void Step_OneReading_GivesItsRows(string sql, string expected)
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        using var query = SqliteQuery.Prepare(database, sql);

        Assert.IsTrue(query.Step());
        var value = query.Value(0);
        Assert.AreEqual(expected, value is byte[] bytes ? Convert.ToHexString(bytes) : FormattableString.Invariant($"{value}"));
        Assert.IsFalse(query.Step());
    }

    [TestMethod]
    public void Value_Null_IsNullAndColumnsHaveTheirNames()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        using var query = SqliteQuery.Prepare(database, "SELECT text, id AS n FROM T WHERE text IS NULL");

        Assert.IsTrue(query.Step());
        Assert.IsNull(query.Value(0));
        Assert.AreEqual(2L, query.Value(1));
        CollectionAssert.AreEqual(new[] { "text", "n" }, query.Columns.ToArray());
    }

    [TestMethod]
    public void Step_ValueOutOfRange_IsTheStatementsFault()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        using var query = SqliteQuery.Prepare(database, "SELECT sum(9223372036854775807) FROM T");

        Assert.Contains("overflow", Assert.ThrowsExactly<WarehouseException>(() => query.Step()).Message);
    }

    [TestMethod]
    public void Step_DamagedPage_IsTheFilesFault()
    {
        using (var database = SqliteDatabase.OpenForWriting(Path, isDurable: false))
        {
            database.Execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO T (text) SELECT 'row ' || i "
                    + "FROM n");
        }

        using (var file = new FileStream(Path, FileMode.Open, FileAccess.Write))
        {
            file.Position = 5 * 4096;
            file.Write(Enumerable.Repeat((byte)0xEE, 3 * 4096).ToArray());
        }

        using var reading = SqliteDatabase.OpenForReading(Path);
        using var query = SqliteQuery.Prepare(reading, "SELECT count(text) FROM T");
        Assert.AreEqual(StorageFault.Damaged, Assert.ThrowsExactly<StorageException>(() => query.Step()).Fault);
    }

    private string Contents()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        using var rows = database.Prepare(
            "SELECT (SELECT group_concat(quote(text)) FROM T), (SELECT group_concat(sql) FROM sqlite_master)");
        rows.Step();
        return $"{rows.GetText(0)} {rows.GetText(1)}";
    }
}
