using System.Diagnostics.CodeAnalysis;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// The embedded warehouse: one SQLite file in WAL mode, which other processes may read while it is written. One process writes.
/// <para>
/// Commits are not synced one by one: a power cut may take back the latest of them, and since positions go back with the rows, the
/// log, which is synced, delivers them again.
/// </para>
/// </summary>
public sealed partial class SqliteWarehouse : IWarehouse
{
    /// <summary>The file's name in a data folder.</summary>
    public const string FileName = "warehouse.db";

    private const int CacheBytes = 32 << 20;

    // Fewer system calls per megabyte than 4 KiB: a tenth more trades a second. Larger pages gain no more, and a lone trade writes six.
    private const int PageSize = 8192;

    private readonly SqliteDatabase _database;
    private readonly SqliteWarehouseOptions _options;
    private readonly TimeProvider _clock;
    private readonly UsdAmount _usd;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private bool _isDisposed;
    private readonly SymbolStates _symbols = new();
    private readonly Dictionary<LogPartition, long> _positions = [];

    // Changes when another connection commits.
    private readonly SqliteStatement _version;
    private long _stateVersion;

    // True after a failed transaction, until the state was read again.
    private bool _isStale = true;

    private SqliteWarehouse(SqliteDatabase database, SqliteWarehouseOptions options, TimeProvider clock)
    {
        _database = database;
        _options = options;
        _clock = clock;
        _usd = new UsdAmount(options.PeggedAssets);
        _version = database.Prepare("PRAGMA data_version");
    }

    /// <summary>Opens or creates the file, migrates its schema and reads the state to resume from.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How facts are priced and changes applied.</param>
    /// <param name="clock">Of recorded times.</param>
    /// <param name="progress">Informed while an older file is migrated.</param>
    /// <param name="cancellationToken">Ends a migration, which then has changed nothing.</param>
    /// <exception cref="StorageException">The file cannot be used.</exception>
    /// <exception cref="WarehouseException">The file was written by a newer version.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The warehouse owns the database; a failure disposes it.")]
    public static SqliteWarehouse Open(
        string path, SqliteWarehouseOptions options, TimeProvider clock, IProgress<MigrationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var database = SqliteDatabase.OpenForWriting(path, isDurable: false, CacheBytes, PageSize);
        try
        {
            new SchemaMigrator(database, clock, progress).Migrate(cancellationToken);
            TableChecksums.Maintain(database);
            database.StopOn(cancellationToken);
            var warehouse = new SqliteWarehouse(database, options, clock);
            warehouse.Committing(() => 0, CancellationToken.None);
            database.StopOn(CancellationToken.None);
            return warehouse;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>A commit of this size takes milliseconds; four times as many gain a tenth.</summary>
    public int RecordsPerLoad => 8192;

    public async ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken)
    {
        using var _ = await EnterAsync(cancellationToken);

        // The log is trimmed by what this says.
        _database.ThrowIfMoved();
        return new Dictionary<LogPartition, long>(SqliteReads.Positions(_database));
    }

    public async ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken)
    {
        using var _ = await EnterAsync(cancellationToken);
        return SqliteReads.Coverage(_database);
    }

    public async ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken)
    {
        using var _ = await EnterAsync(cancellationToken);
        return SqliteReads.Changes(_database, source);
    }

    public async ValueTask<long> RevisionAsync(CancellationToken cancellationToken)
    {
        using var _ = await EnterAsync(cancellationToken);
        using var query = _database.Prepare("SELECT max(change_id) FROM SYMBOL_CHANGES");
        return query.Scalar() ?? 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true)) return;
        await _writing.WaitAsync(CancellationToken.None);
        _database.Dispose();

        // Waiters still learn that it is disposed.
        _writing.Release();
    }

    private async ValueTask<SemaphoreLock.Held> EnterAsync(CancellationToken cancellationToken)
    {
        var held = await _writing.EnterAsync(cancellationToken);
        if (!_isDisposed) return held;
        held.Dispose();
        throw new ObjectDisposedException(nameof(SqliteWarehouse));
    }

    /// <summary>Reads everything kept in memory from the tables.</summary>
    private void ReadState()
    {
        _symbols.Clear();
        _positions.Clear();
        _segment = null;

        foreach (var (key, position) in SqliteReads.Positions(_database)) _positions.Add(key, position);

        var versions = SqliteReads.CurrentVersions(_database).ToLookup(version => version.Key);
        var captured = SqliteReads.Captured(_database);
        using var symbols = _database.Prepare("SELECT symbol_id, exchange, ticker FROM SYMBOLS");
        while (symbols.Step())
        {
            var key = new NaturalKey(symbols.GetText(1), symbols.GetText(2));
            var state = new SymbolState(symbols.GetInt32(0), key);
            state.Use([.. versions[key]], _usd);
            if (captured.TryGetValue(state.SymbolId, out var ids)) state.Captured = ids;
            _symbols.Add(state);
        }
    }

    /// <summary>
    /// Runs the work in a transaction. The work changes the state in memory as it goes; if it fails, or if another process wrote the
    /// file, the state is read again from the tables, so that memory and tables never differ.
    /// </summary>
    /// <param name="work">Done in the transaction.</param>
    /// <param name="cancellationToken">Ends the work, also a statement that runs; then it is undone.</param>
    private T Committing<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled) _database.StopOn(cancellationToken);
        try
        {
            return _database.InTransaction(() =>
            {
                var version = _version.Scalar()!.Value;
                if (_isStale || version != _stateVersion) ReadState();
                (_isStale, _stateVersion) = (false, version);
                return work();
            });
        }
        catch
        {
            _isStale = true;
            throw;
        }
        finally
        {
            if (cancellationToken.CanBeCanceled) _database.StopOn(CancellationToken.None);
        }
    }

    private Timestamp Now() => Timestamp.Now(_clock);
}
