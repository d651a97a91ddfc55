using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>A file that is taken away from under its writer gets no more commits.</summary>
[TestClass]
[OSCondition(ConditionMode.Exclude, OperatingSystems.Windows)]
public sealed class MovedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;

    public MovedFileTests()
    {
        Directory.CreateDirectory(_folder["data"]);
        _database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        _database.Execute("CREATE TABLE T (id INTEGER PRIMARY KEY)");
        Insert();
    }

    private string Path => System.IO.Path.Combine(_folder["data"], "store.db");

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public void InTransaction_Deleted_CommitsNothing()
    {
        File.Delete(Path);

        AssertRefused();
        Assert.IsFalse(File.Exists(Path));
    }

    [TestMethod]
    public void InTransaction_ReplacedByAnother_LeavesThatAlone()
    {
        using (var other = SqliteDatabase.OpenForWriting(_folder["other.db"], isDurable: false)) other.Execute("CREATE TABLE O (id)");
        File.Delete(Path + "-wal");
        File.Move(_folder["other.db"], Path, overwrite: true);
        var replacement = File.ReadAllBytes(Path);

        AssertRefused();
        _database.Dispose();
        CollectionAssert.AreEqual(replacement, File.ReadAllBytes(Path));
    }

    [TestMethod]
    public void InTransaction_FolderMoved_CommitsNothing()
    {
        Directory.Move(_folder["data"], _folder["elsewhere"]);

        AssertRefused();
    }

    [TestMethod]
    public void InTransaction_WriteAheadLogDeleted_CommitsNothing()
    {
        File.Delete(Path + "-wal");

        AssertRefused();
    }

    [TestMethod]
    public void InTransaction_PutBack_GoesOn()
    {
        File.Move(Path, _folder["aside"]);
        AssertRefused();
        File.Move(_folder["aside"], Path);

        Insert();

        Assert.AreEqual(2, Count());
    }

    private void AssertRefused()
    {
        var failure = Assert.ThrowsExactly<StorageException>(Insert);
        Assert.AreEqual((StorageFault.Moved, false), (failure.Fault, failure.IsTransient));
        Assert.Contains(Path, failure.Message);
        Assert.AreEqual(1, Count());
    }

    private void Insert() => _database.InTransaction(() =>
    {
        _database.Execute("INSERT INTO T DEFAULT VALUES");
        return 0;
    });

    private long Count()
    {
        using var count = _database.Prepare("SELECT count(*) FROM T");
        return count.Scalar()!.Value;
    }
}
