using System.Buffers;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Log.Embedded;

/// <summary>Reads the embedded log over a connection of its own, partition after partition in turn.</summary>
internal sealed class EmbeddedLogReader : ILogReader
{
    private readonly EmbeddedTradeLog _log;
    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _batches;
    private readonly SqliteStatement _ends;
    private readonly string _topic;
    private readonly int[] _partitions;
    private readonly long[] _positions;
    private int _turn;

    // Both hold the slice handed out last and are used again for the next.
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(256 * 1024);
    private RawRecord[] _records = ArrayPool<RawRecord>.Shared.Rent(4096);

    public EmbeddedLogReader(EmbeddedTradeLog log, string path, string topic, IReadOnlyDictionary<int, long> positions)
    {
        _log = log;
        _topic = topic;
        _partitions = [.. positions.Keys.Order()];
        _positions = [.. _partitions.Select(partition => positions[partition])];
        _database = SqliteDatabase.OpenForReading(path);
        _ends = _database.Prepare("SELECT first_offset, next_offset FROM LOG_ENDS WHERE topic = ? AND partition = ?");
        _batches = _database.Prepare(
            """
            SELECT base_offset, record_count, appended_at, checksum, records FROM LOG_BATCHES
            WHERE topic = ?1 AND partition = ?2 AND base_offset >= coalesce(
                (SELECT max(base_offset) FROM LOG_BATCHES WHERE topic = ?1 AND partition = ?2 AND base_offset <= ?3), 0)
            ORDER BY base_offset
            """);
    }

    public async ValueTask<ConsumedBatch> ReadAsync(int maxRecords, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Taken before looking, so that an append between the look and the wait is not missed.
            var appended = _log.Appended;
            if (TryRead(maxRecords) is { } slice) return slice;
            using var poll = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var timeout = Task.Delay(_log.Options.PollInterval, _log.Clock, poll.Token);
            await Task.WhenAny(appended, timeout);
            await poll.CancelAsync();
        }
    }

    public ConsumedBatch? TryRead(int maxRecords)
    {
        for (var i = 0; i < _partitions.Length; i++)
        {
            var turn = (_turn + i) % _partitions.Length;
            if (TryRead(turn, maxRecords) is not { } slice) continue;
            _turn = turn + 1;
            return slice;
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        _database.Dispose();
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _bytes, []));
        ArrayPool<RawRecord>.Shared.Return(Interlocked.Exchange(ref _records, []), clearArray: true);
        return ValueTask.CompletedTask;
    }

    private ConsumedBatch? TryRead(int turn, int maxRecords)
    {
        var (partition, position) = (_partitions[turn], _positions[turn]);
        if (!HasRecords(partition, position)) return null;

        var next = position;
        var count = 0;
        try
        {
            count = Read(partition, ref next, maxRecords);
        }
        finally
        {
            _batches.Reset();
        }

        if (count == 0)
        {
            // Either trimmed since the first look, which this tells, or damaged.
            HasRecords(partition, position);
            throw Damaged(partition, position);
        }

        _positions[turn] = next;
        return new ConsumedBatch(partition, position, next, _records.AsMemory(0, count));
    }

    /// <summary>Copies the records from <paramref name="next"/> on, up to the first batch that is damaged or is not contiguous.</summary>
    private int Read(int partition, ref long next, int maxRecords)
    {
        var count = 0;
        var used = 0;
        _batches.Bind(1, _topic).Bind(2, partition).Bind(3, next);
        while (count < maxRecords && _batches.Step())
        {
            var baseOffset = _batches.GetInt64(0);
            var batch = _batches.GetBytes(4);
            var size = _batches.GetInt32(1);
            var appended = new Timestamp(_batches.GetInt64(2));
            var checksum = _batches.GetInt64(3);
            if (baseOffset > next) break;
            if (!BatchChecksum.Matches(checksum, _topic, partition, baseOffset, size, appended.Microseconds, batch)) break;
            for (var i = 0; i < size; i++)
            {
                if (!BatchEncoding.TryTake(ref batch, out _, out var value)) throw Damaged(partition, baseOffset);
                if (baseOffset + i < next) continue;
                if (used >= ConsumedBatch.MaxBytes) return count;
                Reserve(used + value.Length, count + 1, used, count);
                value.CopyTo(_bytes.AsSpan(used));
                _records[count++] = new RawRecord(next++, appended, _bytes.AsMemory(used, value.Length));
                used += value.Length;
            }
        }

        return count;
    }

    private bool HasRecords(int partition, long position)
    {
        _ends.Bind(1, _topic).Bind(2, partition);
        var (first, next) = _ends.Step() ? (_ends.GetInt64(0), _ends.GetInt64(1)) : (0, 0);
        _ends.Reset();
        if (position < first)
        {
            throw new LogException(
                $"{_topic}/{partition}: records from offset {position} were trimmed away, the first kept is {first}. What was in between "
                + "is lost to this reader; fill it by replay or backfill, into a new data folder.");
        }

        if (position > next)
        {
            throw new LogException(
                $"{_topic}/{partition} ends at offset {next}, before position {position}: the log was replaced by an older copy. "
                + "Restore the newer log, or use a new data folder.");
        }

        return position < next;
    }

    // The records of this slice point into the array, so growing it moves them along.
    private void Reserve(int bytes, int records, int usedBytes, int usedRecords)
    {
        if (records > _records.Length)
        {
            var grown = ArrayPool<RawRecord>.Shared.Rent(Math.Max(records, _records.Length * 2));
            _records.AsSpan(0, usedRecords).CopyTo(grown);
            ArrayPool<RawRecord>.Shared.Return(_records, clearArray: true);
            _records = grown;
        }

        if (bytes <= _bytes.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, _bytes.Length * 2));
        _bytes.AsSpan(0, usedBytes).CopyTo(larger);
        var start = 0;
        for (var i = 0; i < usedRecords; i++)
        {
            _records[i] = _records[i] with { Value = larger.AsMemory(start, _records[i].Value.Length) };
            start += _records[i].Value.Length;
        }

        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private LogException Damaged(int partition, long baseOffset) => new(
        $"'{_database.Path}': the records of {_topic}/{partition} from offset {baseOffset} are damaged or missing. "
        + "Restore a backup of the data folder, or fill a new one by replay or backfill.");
}
