using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>A statement that would run for ever ends when it is to.</summary>
[TestClass]
public sealed class StoppedStatementTests : IDisposable
{
    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();

    private string Path => _folder["store.db"];

    public void Dispose()
    {
        _stop.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task Step_StoppedWhileItRuns_IsCanceledAndTheNextIsRefused()
    {
        using var database = OpenForReading();
        using var statement = database.Prepare(Endless);
        var running = Task.Run(statement.Scalar, CancellationToken.None);

        await _stop.CancelAsync();

        var failure = await Assert.ThrowsExactlyAsync<OperationCanceledException>(
            () => running.WaitAsync(Patience.Limit, TimeProvider.System, CancellationToken.None));
        Assert.AreEqual(_stop.Token, failure.CancellationToken);
        Assert.ThrowsExactly<OperationCanceledException>(() => database.Prepare("SELECT 1"));
    }

    [TestMethod]
    public async Task InTransaction_StoppedWhileItRuns_IsUndoneAndTheNextRuns()
    {
        using var database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        database.Execute("CREATE TABLE T (id INTEGER PRIMARY KEY)");
        database.StopOn(_stop.Token);
        using var statement = database.Prepare(Endless);
        var started = new TaskCompletionSource();
        var running = Task.Run(
            () => database.InTransaction(() =>
            {
                database.Execute("INSERT INTO T VALUES (1)");
                started.SetResult();
                return statement.Scalar();
            }),
            CancellationToken.None);

        await started.Task;
        await _stop.CancelAsync();

        await Assert.ThrowsExactlyAsync<OperationCanceledException>(
            () => running.WaitAsync(Patience.Limit, TimeProvider.System, CancellationToken.None));
        database.StopOn(CancellationToken.None);
        Assert.AreEqual(0, database.InTransaction(() =>
        {
            using var count = database.Prepare("SELECT count(*) FROM T");
            return count.Scalar();
        }));
    }

    [TestMethod]
    public void Dispose_StoppedAfterwards_IsNothing()
    {
        OpenForReading().Dispose();

        _stop.Cancel();
    }

    // A file without a table counts as not written yet.
    private SqliteDatabase OpenForReading()
    {
        using (var database = SqliteDatabase.OpenForWriting(Path, isDurable: false)) database.Execute("CREATE TABLE T (id INTEGER)");
        return SqliteDatabase.OpenForReading(Path, _stop.Token);
    }
}
