using System.Runtime.ExceptionServices;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Copies what was committed from a file's write-ahead log into the file, on a thread and a connection of its own: the writer goes on
/// meanwhile, and finds little left to do when it would have to stop and copy itself.
/// </summary>
/// <param name="open">Opens the connection, when the first copy is due.</param>
/// <param name="pages">Pages written to the log between two copies.</param>
internal sealed class SqliteCheckpoints(Func<SqliteDatabase> open, int pages) : IDisposable
{
    private readonly SemaphoreSlim _due = new(0);
    private Thread? _thread;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _isEnding;
    private int _written;

    /// <summary>Called by the writer after each commit, with the pages it wrote.</summary>
    public void Committed(int written)
    {
        _written += written;
        if (_written < pages) return;
        _written = 0;
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "SQLite checkpoints" };
            _thread.Start();
        }

        _due.Release();
    }

    /// <summary>Called by the writer before each transaction, so that a failure to copy surfaces.</summary>
    /// <exception cref="StorageException">A copy failed since the last time.</exception>
    public void ThrowIfFailed() => Interlocked.Exchange(ref _failure, null)?.Throw();

    public void Dispose()
    {
        _isEnding = true;
        _due.Release();
        _thread?.Join();
        _due.Dispose();
    }

    private void Run()
    {
        SqliteDatabase? database = null;
        while (true)
        {
            _due.Wait();
            if (_isEnding) break;
            try
            {
                database ??= open();
                database.Checkpoint();
            }
            catch (StorageException failure)
            {
                Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(failure));
            }
        }

        database?.Dispose();
    }
}
