using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// One connection to a SQLite file with prepared statements over the native API: binding through ADO.NET's parameter objects costs
/// more than the insert itself. Not thread-safe; failures are <see cref="StorageException"/>.
/// </summary>
public sealed class SqliteDatabase : IDisposable
{
    // Bytes of write-ahead log between two copies into the file, which are made beside the writer.
    private const int CheckpointBytes = 8 << 20;

    // Bytes of write-ahead log with which the writer stops, copies what is left, and starts the log over.
    private const int StopBytes = 8 * CheckpointBytes;

    // SQLITE_DBSTATUS_CACHE_WRITE
    private const int PagesWritten = 9;

    // Operations of SQLite's machine between two looks at whether to stop: about a millisecond.
    private const int OperationsPerLook = 100_000;

    private readonly SqliteConnection _connection;
    private readonly HashSet<SqliteStatement> _statements = [];
    private SqliteCheckpoints? _checkpoints;

    // The write-ahead log, which is there for as long as the file is open; null where the file system allows none.
    private string? _logPath;
    private CancellationToken _stop;
    private CancellationTokenRegistration _interrupt;
    private Action? _onProgress;

    private SqliteDatabase(string path, SqliteConnection connection)
    {
        Path = path;
        _connection = connection;
    }

    public string Path { get; }

    internal SQLitePCL.sqlite3 Handle => _connection.Handle!;

    /// <summary>Opens for reading and writing, in WAL mode, creating file and folder where they are missing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isDurable">
    /// True: a committed transaction survives a power cut (a sync per commit). False: it survives the death of the process, and a power
    /// cut may take the latest ones back but never tears one.
    /// </param>
    /// <param name="cacheBytes">Most memory for pages. Default 8 MiB; a file that is only appended to needs little.</param>
    /// <param name="pageSize">Bytes of a page of a new file, a power of two from 512 to 65,536; a file that exists keeps its own.</param>
    /// <exception cref="StorageException">The file cannot be opened, written or is no database.</exception>
    public static SqliteDatabase OpenForWriting(string path, bool isDurable, int cacheBytes = 8 << 20, int pageSize = 4096)
    {
        try
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageFault.ReadOnly, $"The data folder for '{path}' cannot be created: {failure.Message}", failure);
        }

        var database = Open(path, SqliteOpenMode.ReadWriteCreate);
        try
        {
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA page_size = {pageSize}"));
            database.Execute("PRAGMA journal_mode = WAL");
            database.Execute(isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            database.Execute("PRAGMA foreign_keys = ON");
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{cacheBytes / 1024}"));
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA wal_autocheckpoint = {StopBytes / pageSize}"));
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA journal_size_limit = {StopBytes}"));
            database._checkpoints = new SqliteCheckpoints(() => OpenForCheckpoints(path), CheckpointBytes / pageSize);

            // Taking the write lock now tells at once whether the folder can be written.
            database.Execute("BEGIN IMMEDIATE");
            database.Execute("ROLLBACK");
            database._logPath = File.Exists(path + "-wal") ? path + "-wal" : null;
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens for reading only, beside a writer in another process.</summary>
    /// <param name="path">The file.</param>
    /// <param name="stop">Ends what is read, as <see cref="StopOn"/> does.</param>
    /// <exception cref="StorageException">There is no such file, nothing was written to it yet, or it is no database.</exception>
    public static SqliteDatabase OpenForReading(string path, CancellationToken stop = default)
    {
        if (!File.Exists(path))
        {
            throw new StorageException(
                StorageFault.Missing, $"There is no '{path}'. Check --data, or fill the folder first: trade-ingest demo, run or replay.");
        }

        var database = Open(path, SqliteOpenMode.ReadOnly);
        try
        {
            ExactSum.Register(database._connection);
            database.Execute("PRAGMA query_only = ON");
            if (!database.HasTables()) throw new StorageException(
                StorageFault.Missing, $"'{path}' is empty: the process that created it has written nothing yet. Try again, or check "
                    + "--data.");
            database.StopOn(stop);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="OpenForReading"/>; null where there is no such file or nothing was written to it yet.</summary>
    public static SqliteDatabase? FindForReading(string path, CancellationToken stop = default)
    {
        try
        {
            return OpenForReading(path, stop);
        }
        catch (StorageException missing) when (missing.Fault == StorageFault.Missing)
        {
            return null;
        }
    }

    /// <summary>
    /// From now on a canceled token ends the statement that runs, within milliseconds, and refuses the next with an
    /// <see cref="OperationCanceledException"/>; a transaction is undone. A token that cannot be canceled lets everything run again.
    /// </summary>
    public void StopOn(CancellationToken stop)
    {
        _interrupt.Dispose();
        _stop = stop;
        SQLitePCL.raw.sqlite3_progress_handler(
            Handle, stop.CanBeCanceled || _onProgress is not null ? OperationsPerLook : 0, OnProgress, null);

        // A check of the file is one operation, which only an interrupt ends.
        _interrupt = stop.Register(() => SQLitePCL.raw.sqlite3_interrupt(Handle));
    }

    /// <summary>Prepares a statement, which the database disposes at the latest with itself.</summary>
    public SqliteStatement Prepare(string sql)
    {
        _stop.ThrowIfCancellationRequested();
        var result = SQLitePCL.raw.sqlite3_prepare_v2(Handle, sql, out var statement);
        ThrowOn(result, sql);
        var prepared = new SqliteStatement(this, statement, sql);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>Runs one or several statements without results.</summary>
    public void Execute(string sql) => ThrowOn(SQLitePCL.raw.sqlite3_exec(Handle, sql), sql);

    /// <summary>
    /// Runs statements that define tables. STRICT, which holds columns to their types, came with SQLite 3.37; an older library does
    /// without it, and the tables are as readable to either.
    /// </summary>
    public void ExecuteDefinition(string sql)
    {
        ArgumentNullException.ThrowIfNull(sql);
        const int FirstWithStrict = 3_037_000;
        if (SQLitePCL.raw.sqlite3_libversion_number() < FirstWithStrict)
        {
            sql = sql
                .Replace(") STRICT, WITHOUT", ") WITHOUT", StringComparison.Ordinal)
                .Replace(") STRICT", ")", StringComparison.Ordinal);
        }

        Execute(sql);
    }

    /// <summary>
    /// Until disposed, calls <paramref name="onProgress"/> now and then from within running statements, which must not use this database,
    /// and ends statements when canceled.
    /// </summary>
    public IDisposable Watch(Action onProgress, CancellationToken cancellationToken)
    {
        _onProgress = onProgress;
        StopOn(cancellationToken);
        return new Watching(this);
    }

    /// <summary>Runs the work in one transaction that takes the write lock first; an exception undoes it.</summary>
    public T InTransaction<T>(Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        _checkpoints?.ThrowIfFailed();
        T result;
        Execute("BEGIN IMMEDIATE");
        try
        {
            result = work();
            ThrowIfMoved();
            Execute("COMMIT");
        }
        catch
        {
            // A full disk may have rolled back already; then there is nothing to undo.
            if (SQLitePCL.raw.sqlite3_get_autocommit(Handle) == 0) SQLitePCL.raw.sqlite3_exec(Handle, "ROLLBACK");
            throw;
        }

        SQLitePCL.raw.sqlite3_db_status(Handle, PagesWritten, out var written, out _, resetFlg: 1);
        _checkpoints?.Committed(written);
        return result;
    }

    public void Dispose()
    {
        // Waits for an interrupt under way, which may not meet a closed connection.
        _interrupt.Dispose();
        _checkpoints?.Dispose();
        _checkpoints = null;
        foreach (var statement in _statements.ToArray()) statement.Dispose();
        _connection.Dispose();
    }

    /// <summary>
    /// Copies as much of the write-ahead log into the file as goes without waiting for anybody: nothing where another copies.
    /// </summary>
    internal void Checkpoint()
    {
        var result = SQLitePCL.raw.sqlite3_wal_checkpoint_v2(Handle, "main", SQLitePCL.raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
        if (result != SQLitePCL.raw.SQLITE_BUSY) ThrowOn(result, "checkpoint");
    }

    /// <summary>
    /// Asked before each commit: what is committed to a file without a name is gone with the process. SQLite looks itself only where it
    /// keeps no write-ahead log.
    /// </summary>
    /// <exception cref="StorageException">The file, or its write-ahead log, is no longer where it was opened.</exception>
    internal void ThrowIfMoved()
    {
        if (!SqliteNative.HasMoved(Handle) && (_logPath is null || File.Exists(_logPath))) return;
        throw new StorageException(
            StorageFault.Moved,
            $"'{Path}' was deleted, moved or replaced while it was open, and nothing more is written. Put back what was there, with its "
            + "-wal file if it has one, and start again; what is missing then is fetched, or read from the log.");
    }

    internal void Forget(SqliteStatement statement) => _statements.Remove(statement);

    internal void ThrowOn(int result, string sql)
    {
        if (result is SQLitePCL.raw.SQLITE_OK or SQLitePCL.raw.SQLITE_ROW or SQLitePCL.raw.SQLITE_DONE) return;
        throw FailureOf(result, sql);
    }

    internal Exception FailureOf(int result, string sql)
    {
        var message = SQLitePCL.raw.sqlite3_errmsg(Handle).utf8_to_string();

        // A definition that is changed checks itself with statements of its own, and reports only the text of what ended one.
        var isInterrupted = (result & 0xFF) == SQLitePCL.raw.SQLITE_INTERRUPT
            || message.EndsWith(": interrupted", StringComparison.Ordinal);
        if (isInterrupted && _stop.IsCancellationRequested) return new OperationCanceledException(_stop);
        return Translate(SQLitePCL.raw.sqlite3_extended_errcode(Handle), message, Path, sql);
    }

    private bool HasTables()
    {
        using var tables = Prepare("SELECT EXISTS (SELECT 1 FROM sqlite_master)");
        tables.Step();
        return tables.GetInt32(0) == 1;
    }

    private static SqliteDatabase Open(string path, SqliteOpenMode mode)
    {
        SqliteNative.Initialize();
        var options = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false };
        var connection = new SqliteConnection(options.ToString());
        try
        {
            connection.Open();
            SQLitePCL.raw.sqlite3_busy_timeout(connection.Handle!, 5000);
            return new SqliteDatabase(path, connection);
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw Translate(failure.SqliteExtendedErrorCode, failure.Message, path, "open");
        }
    }

    // Only a connection that read something knows that the file has a write-ahead log.
    private static SqliteDatabase OpenForCheckpoints(string path)
    {
        var database = Open(path, SqliteOpenMode.ReadWrite);
        database.Execute("PRAGMA schema_version");
        return database;
    }

    private static StorageException Translate(int result, string message, string path, string sql) => (result & 0xFF) switch
    {
        // Even a reader needs 32 KB on the disk, for the index of the write-ahead log.
        _ when result is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR_SHMSIZE => new StorageException(
            StorageFault.Full, $"The disk holding '{path}' is full. Free some space and start again; everything committed so far is kept."),
        SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_PERM or SQLitePCL.raw.SQLITE_CANTOPEN => new StorageException(
            StorageFault.ReadOnly,
            $"'{path}' cannot be opened for writing ({message}). Make the data folder writable, or choose another with --data."),
        SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB => new StorageException(
            StorageFault.Damaged,
            $"'{path}' is damaged or no database ({message}). Move it away and restore a backup, or fill a new data folder by replaying."),
        SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => new StorageException(
            StorageFault.Busy, $"'{path}' is locked by another process ({message}). Stop that process, or try again."),
        SQLitePCL.raw.SQLITE_IOERR => new StorageException(
            StorageFault.Failed, $"Reading or writing '{path}' failed ({message}). Check the disk; everything committed so far is kept."),
        _ => new StorageException(StorageFault.Failed, $"'{path}': {message} [{sql}]"),
    };

    private int OnProgress(object _)
    {
        _onProgress?.Invoke();
        return _stop.IsCancellationRequested ? 1 : 0;
    }

    private sealed class Watching(SqliteDatabase database) : IDisposable
    {
        public void Dispose()
        {
            database._onProgress = null;
            database.StopOn(CancellationToken.None);
        }
    }
}
