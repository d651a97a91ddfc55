using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>What is committed gets into the file beside the writer, and what keeps it from getting there is told.</summary>
[TestClass]
public sealed class SqliteCheckpointsTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly SqliteDatabase _database;

    public SqliteCheckpointsTests()
    {
        _database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        _database.Execute("CREATE TABLE T (bytes BLOB)");
    }

    private string Path => _folder["store.db"];

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public void InTransaction_WriterStaysOpen_RowsGetIntoTheFile()
    {
        // The writer itself would copy after 64 megabytes, or when it is closed.
        for (var i = 0; i < 12; i++) Write();

        AssertFileHolds(6 * Megabyte);
    }

    [TestMethod]
    public void InTransaction_ReaderKeepsAnOldState_ItStaysReadableAndTheRestFollows()
    {
        Write();
        using (var reader = SqliteDatabase.OpenForReading(Path))
        {
            reader.Execute("BEGIN");
            Assert.AreEqual(1, Rows(reader));
            for (var i = 0; i < 80; i++) Write();
            Assert.AreEqual(1, Rows(reader));
            reader.Execute("ROLLBACK");
            Assert.AreEqual(81, Rows(reader));
        }

        for (var i = 0; i < 12; i++) Write();
        AssertFileHolds(80 * Megabyte);
    }

    [TestMethod]
    public void Checkpoint_AnotherConnectionCopies_LeavesItToThat()
    {
        Write();
        using var reader = SqliteDatabase.OpenForReading(Path);
        reader.Execute("BEGIN");
        Rows(reader);
        Write();

        // It holds the lock of checkpoints while it waits for the reader to end.
        using var other = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        other.Execute("PRAGMA busy_timeout = 120000");
        var copying = new Thread(() => other.Execute("PRAGMA wal_checkpoint(RESTART)"));
        copying.Start();
        using (var attempt = _database.Prepare("PRAGMA wal_checkpoint(PASSIVE)"))
        {
            Assert.IsTrue(SpinWait.SpinUntil(() => attempt.Scalar() == 1, Patience.Limit));
        }

        _database.Checkpoint();

        reader.Execute("ROLLBACK");
        copying.Join();
    }

    [TestMethod]
    public void ThrowIfFailed_NoCopyCouldBeMade_TellsOnceAndTheNextIsTried()
    {
        var tries = 0;
        using var checkpoints = new SqliteCheckpoints(
            () =>
                ++tries == 1
                    ? throw new StorageException(StorageFault.Full, "no room")
                    : SqliteDatabase.OpenForWriting(Path, isDurable: false),
            pages: 100);
        for (var i = 0; i < 3; i++) Write();

        checkpoints.Committed(99);
        checkpoints.Committed(1);
        StorageException? failure = null;
        Assert.IsTrue(SpinWait.SpinUntil(() => (failure = Failure(checkpoints)) is not null, Patience.Limit));
        Assert.AreEqual("no room", failure!.Message);
        Assert.IsNull(Failure(checkpoints));

        checkpoints.Committed(100);
        AssertFileHolds(3 * Megabyte);
        Assert.IsNull(Failure(checkpoints));
    }

    private static StorageException? Failure(SqliteCheckpoints checkpoints)
    {
        try
        {
            checkpoints.ThrowIfFailed();
            return null;
        }
        catch (StorageException failure)
        {
            return failure;
        }
    }

    private static long Rows(SqliteDatabase database)
    {
        using var query = database.Prepare("SELECT count(*) FROM T");
        return query.Scalar()!.Value;
    }

    private void Write() => _database.InTransaction(() =>
    {
        _database.Execute($"INSERT INTO T VALUES (zeroblob({Megabyte}))");
        return 0;
    });

    private void AssertFileHolds(long bytes) => Assert.IsTrue(SpinWait.SpinUntil(() => new FileInfo(Path).Length >= bytes, Patience.Limit));
}
