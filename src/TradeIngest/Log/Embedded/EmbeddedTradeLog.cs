using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Log.Embedded;

/// <summary>
/// The trade log in one SQLite file: a row per appended batch and partition, synced before <see cref="AppendAsync"/> returns. A
/// transaction that a crash interrupts is undone when the file is opened next. One process appends; any may read.
/// </summary>
internal sealed class EmbeddedTradeLog : ITradeLog
{
    /// <summary>The file's name in a data folder.</summary>
    public const string FileName = "log.db";

    private const int CacheBytes = 4 << 20;

    // Rows are whole batches: larger pages mean fewer system calls per megabyte, 1.3 times the throughput of the default 4 KiB.
    private const int PageSize = 16 * 1024;

    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS LOG_INFO (epoch TEXT NOT NULL, partitions INTEGER NOT NULL, format INTEGER NOT NULL) STRICT;

        CREATE TABLE IF NOT EXISTS LOG_BATCHES (
            batch_id     INTEGER PRIMARY KEY,
            topic        TEXT NOT NULL,
            partition    INTEGER NOT NULL,
            base_offset  INTEGER NOT NULL,
            record_count INTEGER NOT NULL,
            appended_at  INTEGER NOT NULL, -- microseconds, UTC
            checksum     INTEGER NOT NULL, -- CRC-32C of records, exclusive or that of the columns before
            records      BLOB NOT NULL,
            UNIQUE (topic, partition, base_offset)
        ) STRICT;

        -- Outlives the batches, so that offsets go on where they were after all of them were trimmed.
        CREATE TABLE IF NOT EXISTS LOG_ENDS (
            topic        TEXT NOT NULL,
            partition    INTEGER NOT NULL,
            first_offset INTEGER NOT NULL,
            next_offset  INTEGER NOT NULL,
            PRIMARY KEY (topic, partition)
        ) STRICT, WITHOUT ROWID;
        """;

    private readonly SqliteDatabase _database;
    private readonly EmbeddedTradeLogOptions _options;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ArrayBufferWriter<byte> _encoded = new(64 * 1024);

    // Bytes of records by topic and partition, from the first trim on: adding them up takes as long as reading the file.
    private readonly Dictionary<(string Topic, int Partition), long> _bytes = [];
    private TaskCompletionSource _appended = NewSignal();

    // Null until the first append: a log open for reading has none.
    private AppendStatements? _append;

    private EmbeddedTradeLog(SqliteDatabase database, EmbeddedTradeLogOptions options, TimeProvider clock, string epoch)
    {
        _database = database;
        _options = options;
        _clock = clock;
        Epoch = epoch;
    }

    public string Epoch { get; }

    public int Partitions => _options.Partitions;

    internal Task Appended => Volatile.Read(ref _appended).Task;

    internal EmbeddedTradeLogOptions Options => _options;

    internal TimeProvider Clock => _clock;

    /// <summary>Opens or creates the file.</summary>
    /// <exception cref="Warehouse.StorageException">The file cannot be used.</exception>
    /// <exception cref="LogException">It was created with another number of partitions.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The log owns the database; a failure disposes it.")]
    public static EmbeddedTradeLog Open(string path, EmbeddedTradeLogOptions options, TimeProvider clock)
    {
        if (options.Partitions is < 1 or > 1024) throw new LogException(
            $"A log has 1 to 1,024 partitions, not {options.Partitions}.", isConfiguration: true);
        var database = SqliteDatabase.OpenForWriting(path, isDurable: true, CacheBytes, PageSize);
        try
        {
            var epoch = database.InTransaction(() => Identify(database, options));
            return new EmbeddedTradeLog(database, options, clock, epoch);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens the file for reading, beside the process that writes it; what would change it is refused.</summary>
    /// <exception cref="Warehouse.StorageException">There is no such file, or it cannot be used.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "The log owns the database; a failure disposes it.")]
    public static EmbeddedTradeLog OpenForReading(string path, TimeProvider clock, CancellationToken cancellationToken = default)
    {
        var database = SqliteDatabase.OpenForReading(path, cancellationToken);
        try
        {
            using var info = database.Prepare("SELECT epoch, partitions FROM LOG_INFO");
            if (!info.Step()) throw new LogException($"'{path}' is no log: it does not say how many partitions it has.");
            var (epoch, partitions) = (info.GetText(0), info.GetInt32(1));
            info.Reset();
            return new EmbeddedTradeLog(database, new EmbeddedTradeLogOptions { Partitions = partitions }, clock, epoch);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public async ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return;
        using var _ = await _writing.EnterAsync(cancellationToken);
        try
        {
            _database.InTransaction(() => Append(topic, records));
        }
        catch
        {
            _bytes.Clear();
            throw;
        }

        Interlocked.Exchange(ref _appended, NewSignal()).SetResult();
    }

    public ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions) =>
        new EmbeddedLogReader(this, _database.Path, topic, positions);

    public async ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        using var _ = await _writing.EnterAsync(cancellationToken);
        using var query = _database.Prepare("SELECT first_offset, next_offset FROM LOG_ENDS WHERE topic = ? AND partition = ?");
        query.Bind(1, topic).Bind(2, partition);
        var range = query.Step() ? new OffsetRange(query.GetInt64(0), query.GetInt64(1)) : default;
        query.Reset();
        return range;
    }

    public async ValueTask<long> TrimAsync(
        string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken)
    {
        using var _ = await _writing.EnterAsync(cancellationToken);
        try
        {
            return _database.InTransaction(() => Trim(topic, partition, keepFrom, policy));
        }
        catch
        {
            _bytes.Clear();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writing.WaitAsync(CancellationToken.None);
        _database.Dispose();
        _writing.Dispose();
    }

    private static string Identify(SqliteDatabase database, EmbeddedTradeLogOptions options)
    {
        database.ExecuteDefinition(Schema);
        using var info = database.Prepare("SELECT epoch, partitions FROM LOG_INFO");
        if (info.Step())
        {
            var (epoch, partitions) = (info.GetText(0), info.GetInt32(1));
            info.Reset();
            return partitions == options.Partitions
                ? epoch
                : throw new LogException(
                    $"'{database.Path}' has {partitions} partitions, configured are {options.Partitions}. Set the number it was created "
                    + "with: another one would break the order of each symbol's records.",
                    isConfiguration: true);
        }

        var created = RandomNumberGenerator.GetHexString(16, lowercase: true);
        using var insert = database.Prepare("INSERT INTO LOG_INFO (epoch, partitions, format) VALUES (?, ?, 1)");
        insert.Bind(1, created).Bind(2, options.Partitions).Run();
        return created;
    }

    private bool Append(string topic, RecordBatch records)
    {
        for (var partition = 0; partition < Partitions; partition++)
        {
            _encoded.ResetWrittenCount();
            var count = 0;
            for (var i = 0; i < records.Count; i++)
            {
                var key = records.Key(i);
                if (Partitioner.Of(key, Partitions) != partition) continue;
                BatchEncoding.Append(_encoded, key, records.Value(i));
                count++;
            }

            if (count > 0) Insert(topic, partition, count);
        }

        return true;
    }

    private void Insert(string topic, int partition, int count)
    {
        var append = _append ??= new AppendStatements(_database);
        var offset = append.Next.Bind(1, topic).Bind(2, partition).Scalar() ?? 0;
        var now = Timestamp.Now(_clock).Microseconds;
        append.Insert
            .Bind(1, topic)
            .Bind(2, partition)
            .Bind(3, offset)
            .Bind(4, count)
            .Bind(5, now)
            .Bind(6, BatchChecksum.Of(topic, partition, offset, count, now, _encoded.WrittenSpan))
            .BindBlob(7, _encoded.WrittenSpan)
            .Run();
        append.SetNext.Bind(1, topic).Bind(2, partition).Bind(3, offset + count).Run();
        if (_bytes.TryGetValue((topic, partition), out var bytes)) _bytes[(topic, partition)] = bytes + _encoded.WrittenCount;
    }

    private long Trim(string topic, int partition, long keepFrom, TrimPolicy policy)
    {
        if (!_bytes.TryGetValue((topic, partition), out var bytes))
        {
            using var sizes = _database.Prepare(
                "SELECT coalesce(sum(length(records)), 0) FROM LOG_BATCHES WHERE topic = ? AND partition = ?");
            bytes = sizes.Bind(1, topic).Bind(2, partition).Scalar()!.Value;
        }

        var oldest = (Timestamp.Now(_clock) + -policy.Age).Microseconds;

        using var batches = _database.Prepare(
            "SELECT batch_id, base_offset + record_count, length(records), appended_at FROM LOG_BATCHES WHERE topic = ? AND partition = ? "
                + "ORDER BY base_offset");
        batches.Bind(1, topic).Bind(2, partition);
        long? lastRemoved = null;
        long? first = null;
        while (batches.Step())
        {
            var isOver = bytes > policy.MaxBytes || batches.GetInt64(3) < oldest;
            if (!isOver || batches.GetInt64(1) > keepFrom) break;
            bytes -= batches.GetInt64(2);
            lastRemoved = batches.GetInt64(0);
            first = batches.GetInt64(1);
        }

        batches.Reset();
        _bytes[(topic, partition)] = bytes;
        if (lastRemoved is { } last && first is { } kept)
        {
            using var delete = _database.Prepare("DELETE FROM LOG_BATCHES WHERE topic = ? AND partition = ? AND batch_id <= ?");
            delete.Bind(1, topic).Bind(2, partition).Bind(3, last).Run();
            using var update = _database.Prepare("UPDATE LOG_ENDS SET first_offset = ? WHERE topic = ? AND partition = ?");
            update.Bind(1, kept).Bind(2, topic).Bind(3, partition).Run();
            return kept;
        }

        using var current = _database.Prepare("SELECT first_offset FROM LOG_ENDS WHERE topic = ? AND partition = ?");
        return current.Bind(1, topic).Bind(2, partition).Scalar() ?? 0;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class AppendStatements(SqliteDatabase database)
    {
        public SqliteStatement Next { get; } = database.Prepare("SELECT next_offset FROM LOG_ENDS WHERE topic = ? AND partition = ?");

        public SqliteStatement SetNext { get; } = database.Prepare(
            """
            INSERT INTO LOG_ENDS (topic, partition, first_offset, next_offset) VALUES (?1, ?2, 0, ?3)
            ON CONFLICT (topic, partition) DO UPDATE SET next_offset = ?3
            """);

        public SqliteStatement Insert { get; } = database.Prepare(
            "INSERT INTO LOG_BATCHES (topic, partition, base_offset, record_count, appended_at, checksum, records) VALUES (?, ?, ?, ?, ?, "
                + "?, ?)");
    }
}
