using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

[TestClass]
public sealed class SqliteDatabaseTests : IDisposable
{
    private const int PageSize = 4096;

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["store.db"];

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void OpenForWriting_MissingFolders_AreCreated()
    {
        using var database = SqliteDatabase.OpenForWriting(_folder["a/b/c.db"], isDurable: true);

        Assert.IsTrue(File.Exists(_folder["a/b/c.db"]));
    }

    [TestMethod]
    public void OpenForReading_NoFile_IsMissingAndCreatesNone()
    {
        var failure = Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForReading(Path));

        Assert.AreEqual(StorageFault.Missing, failure.Fault);
        Assert.Contains(Path, failure.Message);
        Assert.IsFalse(File.Exists(Path));
    }

    [TestMethod]
    public void OpenForReading_CreatedAndNotWrittenTo_IsMissing()
    {
        using var writer = SqliteDatabase.OpenForWriting(Path, isDurable: true);

        Assert.AreEqual(StorageFault.Missing, Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForReading(Path)).Fault);
        Assert.IsNull(SqliteDatabase.FindForReading(Path));

        writer.Execute("CREATE TABLE T (id INTEGER)");
        using var reader = SqliteDatabase.FindForReading(Path);
        Assert.IsNotNull(reader);
    }

    [TestMethod]
    [DataRow("no database at all, but some text that is longer than a header would be................................................")]
    [DataRow("short")]
    public void Open_FileThatIsNoDatabase_IsDamagedAndLeftAlone(string text)
    {
        File.WriteAllText(Path, text);

        var writing = Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForWriting(Path, isDurable: false));
        var reading = Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForReading(Path));

        Assert.AreEqual((StorageFault.Damaged, StorageFault.Damaged), (writing.Fault, reading.Fault));
        Assert.Contains("Move it away", writing.Message);
        Assert.IsFalse(writing.IsTransient);
        Assert.AreEqual(text, File.ReadAllText(Path));
    }

    [TestMethod]
    public void Open_OverwrittenHeader_IsDamaged()
    {
        Fill(100);
        Overwrite(position: 0, count: 100);

        Assert.AreEqual(StorageFault.Damaged, Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForReading(Path)).Fault);
        Assert.AreEqual(
            StorageFault.Damaged,
            Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForWriting(Path, isDurable: false)).Fault);
    }

    [TestMethod]
    public void Step_OverwrittenPage_IsDamagedAndOtherTablesStayReadable()
    {
        Fill(2_000);
        Overwrite(RootPageOf("T"), PageSize);
        using var database = SqliteDatabase.OpenForReading(Path);

        using var damaged = database.Prepare("SELECT count(*) FROM T WHERE text <> ''");
        var failure = Assert.ThrowsExactly<StorageException>(() => damaged.Scalar());

        Assert.AreEqual(StorageFault.Damaged, failure.Fault);
        Assert.Contains("damaged", failure.Message);
        using var sound = database.Prepare("SELECT count(*) FROM OTHER");
        Assert.AreEqual(2_000, sound.Scalar());
    }

    [TestMethod]
    public void OpenForWriting_FolderIsAFile_IsReadOnly()
    {
        File.WriteAllText(_folder["file"], "");

        var failure = Assert.ThrowsExactly<StorageException>(
            () => SqliteDatabase.OpenForWriting(_folder["file/store.db"], isDurable: false));

        Assert.AreEqual(StorageFault.ReadOnly, failure.Fault);
        Assert.Contains(_folder["file/store.db"], failure.Message);
    }

    [TestMethod]
    public void OpenForWriting_PathIsAFolder_IsReadOnly()
    {
        Directory.CreateDirectory(Path);

        Assert.AreEqual(
            StorageFault.ReadOnly,
            Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForWriting(Path, isDurable: false)).Fault);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void OpenForWriting_ReadOnlyFileSystem_IsReadOnlyWithTheWayOut(bool exists)
    {
        Fill(10);
        if (!exists) File.Delete(Path);
        using var disk = new FailingDisk(_folder.FullName);
        disk.MakeReadOnly();

        var failure = Assert.ThrowsExactly<StorageException>(() => SqliteDatabase.OpenForWriting(Path, isDurable: false));

        Assert.AreEqual(StorageFault.ReadOnly, failure.Fault);
        Assert.Contains("--data", failure.Message);
        Assert.IsFalse(failure.IsTransient);
    }

    [TestMethod]
    public void InTransaction_DiskFull_UndoesItAndKeepsWhatWasCommitted()
    {
        using var database = FillAndOpen(10);
        using var insert = database.Prepare("INSERT INTO T (text) VALUES (?)");
        using var disk = new FailingDisk(_folder.FullName);
        disk.FillAfter(10 * PageSize);

        var failure = Assert.ThrowsExactly<StorageException>(() => database.InTransaction(() =>
        {
            for (var i = 0; i < 1_000; i++) insert.Bind(1, new string('x', 1_000)).Run();
            return 0;
        }));

        Assert.AreEqual(StorageFault.Full, failure.Fault);
        Assert.IsTrue(failure.IsTransient);
        Assert.Contains("is full", failure.Message);
        Assert.AreEqual(10, CountBeside());
        disk.Repair();
        Assert.AreEqual(1, database.InTransaction(() => insert.Bind(1, "there is room again").Run()));
        Assert.AreEqual(11, CountBeside());
    }

    [TestMethod]
    public void InTransaction_DeviceBreaks_FailsForGood()
    {
        using var database = FillAndOpen(10);
        using var disk = new FailingDisk(_folder.FullName);
        disk.Break();

        var failure = Assert.ThrowsExactly<StorageException>(() => database.InTransaction(() =>
        {
            database.Execute("INSERT INTO T (text) VALUES ('lost')");
            return 0;
        }));

        Assert.AreEqual(StorageFault.Failed, failure.Fault);
        Assert.IsFalse(failure.IsTransient);
        Assert.AreEqual(10, CountBeside());
    }

    [TestMethod]
    public void InTransaction_AnotherWriterHoldsTheLock_IsBusyAndSucceedsAfterwards()
    {
        using var holder = FillAndOpen(10);
        using var database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        database.Execute("PRAGMA busy_timeout = 1");
        holder.Execute("BEGIN IMMEDIATE");

        var failure = Assert.ThrowsExactly<StorageException>(() => database.InTransaction(() => 0));

        Assert.AreEqual(StorageFault.Busy, failure.Fault);
        Assert.IsTrue(failure.IsTransient);
        Assert.Contains("locked by another process", failure.Message);
        Assert.AreEqual(10, CountBeside());
        holder.Execute("COMMIT");
        Assert.AreEqual(7, database.InTransaction(() => 7));
    }

    [TestMethod]
    public void InTransaction_WorkThrows_UndoesItAndPassesTheExceptionOn()
    {
        using var database = FillAndOpen(10);

        Assert.ThrowsExactly<InvalidOperationException>(() => database.InTransaction<int>(() =>
        {
            database.Execute("DELETE FROM T");
            throw new InvalidOperationException("the work's own");
        }));

        Assert.AreEqual(10, CountBeside());
    }

    [TestMethod]
    public void OpenForReading_TryingToWrite_IsRefused()
    {
        Fill(10);
        using var database = SqliteDatabase.OpenForReading(Path);

        Assert.AreEqual(StorageFault.ReadOnly, Assert.ThrowsExactly<StorageException>(() => database.Execute("DELETE FROM T")).Fault);
    }

    [TestMethod]
    public void OpenForReading_BesideAnOpenTransaction_SeesWhatWasCommitted()
    {
        using var database = FillAndOpen(10);
        database.Execute("BEGIN IMMEDIATE; DELETE FROM T");

        Assert.AreEqual(10, CountBeside());

        database.Execute("COMMIT");
        Assert.AreEqual(0, CountBeside());
    }

    [TestMethod]
    public void Prepare_WrongStatement_TellsTheStatement()
    {
        using var database = FillAndOpen(1);

        var failure = Assert.ThrowsExactly<StorageException>(() => database.Prepare("SELECT nothing FROM nowhere"));

        Assert.AreEqual(StorageFault.Failed, failure.Fault);
        Assert.Contains("nowhere", failure.Message);
    }

    [TestMethod]
    public void Bind_EveryKindOfValue_ComesBack()
    {
        using var database = FillAndOpen(1);
        using var query = database.Prepare("SELECT ?, ?, ?, ?, ?, ?, typeof(?4), typeof(?5)");

        query.Bind(1, long.MinValue).Bind(2, "中文 'quoted'").Bind(3, (string?)null);
        query.BindBlob(4, []).BindBlob(5, [0, 255]).BindText(6, "utf-8 ü"u8);

        Assert.IsTrue(query.Step());
        Assert.AreEqual(long.MinValue, query.GetInt64(0));
        Assert.AreEqual("中文 'quoted'", query.GetText(1));
        Assert.IsNull(query.GetTextOrNull(2));
        Assert.AreEqual(("blob", "blob"), (query.GetText(6), query.GetText(7)));
        Assert.IsTrue(query.GetBytes(3).IsEmpty);
        CollectionAssert.AreEqual(new byte[] { 0, 255 }, query.GetBytes(4).ToArray());
        Assert.AreEqual("utf-8 ü", query.GetText(5));
        Assert.IsFalse(query.Step());
    }

    // Two tables alike, checkpointed so that damage to the file is damage to the rows.
    private void Fill(int rows)
    {
        using var database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        database.Execute(
            $"""
            CREATE TABLE T (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO T SELECT i, 'row ' || i FROM n;
            CREATE TABLE OTHER AS SELECT * FROM T;
            """);
    }

    private SqliteDatabase FillAndOpen(int rows)
    {
        Fill(rows);
        return SqliteDatabase.OpenForWriting(Path, isDurable: false);
    }

    private long RootPageOf(string table)
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        using var query = database.Prepare("SELECT rootpage FROM sqlite_master WHERE name = ?");
        return (query.Bind(1, table).Scalar()!.Value - 1) * PageSize;
    }

    private void Overwrite(long position, int count)
    {
        using var file = File.OpenHandle(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var garbage = new byte[count];
        new Random(1).NextBytes(garbage);
        RandomAccess.Write(file, garbage, position);
    }

    private long CountBeside()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        using var query = database.Prepare("SELECT count(*) FROM T");
        return query.Scalar()!.Value;
    }
}
