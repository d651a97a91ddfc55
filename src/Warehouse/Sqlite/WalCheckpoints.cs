namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Copies what commits left in the write-ahead log into the database file, beside the writer, on a connection of its own. SQLite would do
/// it within a commit, which then waits for the disk. What was committed during the copying is little, and the writer copies it itself:
/// only then does the write-ahead log begin anew.
/// </summary>
internal sealed class WalCheckpoints : IDisposable
{
    private const long PassBytes = 16 << 20;

    // So little left is copied sooner than handed over.
    private const long RestBytes = 2 << 20;
    private const int MostPasses = 4;

    private readonly SqliteDatabase _writer;
    private readonly SqliteDatabase _copier;
    private readonly long _pageSize;
    private long _pages;
    private Task? _copying;

    /// <param name="writer">Stays the caller's.</param>
    public WalCheckpoints(SqliteDatabase writer)
    {
        _writer = writer;
        _pageSize = writer.PageSize;
        _copier = SqliteDatabase.OpenForCheckpoints(writer.Path);
        writer.Execute("PRAGMA wal_autocheckpoint = 0");
    }

    /// <summary>After each commit, on the writer's thread.</summary>
    public void AfterCommit()
    {
        _pages += _writer.TakePagesWritten();
        if (_copying is { IsCompleted: true })
        {
            _copying = null;
            if (_writer.Checkpoint().Left == 0) _pages = 0;
        }
        else if (_copying is null && _pages * _pageSize >= PassBytes)
        {
            _copying = Task.Run(Copy);
        }
    }

    public void Dispose()
    {
        _copying?.GetAwaiter().GetResult();
        _copier.Dispose();
    }

    // A pass that cannot go on, for a reader or for a full disk, leaves the pages where they are safe; the next one tries again.
    private void Copy()
    {
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var (isHeldUp, left) = _copier.Checkpoint();
            if (isHeldUp || left * _pageSize <= RestBytes) return;
        }
    }
}
