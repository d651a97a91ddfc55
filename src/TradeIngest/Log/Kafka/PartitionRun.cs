using System.Buffers;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>Records of one partition as they come off the consumer, in pooled memory, until they are handed out as a slice.</summary>
internal sealed class PartitionRun(int partition, long position) : IDisposable
{
    private const int FirstBytes = 64 << 10;
    private const int KeptBytes = 4 << 20;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private RawRecord[] _records = ArrayPool<RawRecord>.Shared.Rent(1024);
    private (int Start, int Length)[] _spans = ArrayPool<(int Start, int Length)>.Shared.Rent(1024);
    private int _used;
    private int _count;
    private long _from = position;

    public int Partition { get; } = partition;

    public int Count => _count;

    /// <summary>Where the next record of the partition is wanted from.</summary>
    public long Position { get; private set; } = position;

    /// <param name="value">Copied.</param>
    public void Add(long offset, Timestamp appended, ReadOnlySpan<byte> value)
    {
        if (_used + value.Length > _bytes.Length) Grow(ref _bytes, _used + value.Length, _used);
        if (_count == _records.Length)
        {
            Grow(ref _records, _count + 1, _count);
            Grow(ref _spans, _count + 1, _count);
        }

        value.CopyTo(_bytes.AsSpan(_used));
        _spans[_count] = (_used, value.Length);
        _records[_count++] = new RawRecord(offset, appended, default);
        _used += value.Length;
        Position = offset + 1;
    }

    /// <summary>Nothing stands before this offset any more: it was skipped by the broker (compaction, markers of transactions).</summary>
    public void SkipTo(long offset) => Position = Math.Max(Position, offset);

    /// <summary>What has come since the last call; valid until <see cref="Clear"/>.</summary>
    public ConsumedBatch Take()
    {
        for (var i = 0; i < _count; i++) _records[i] = _records[i] with { Value = _bytes.AsMemory(_spans[i].Start, _spans[i].Length) };
        var slice = new ConsumedBatch(Partition, _from, Position, _records.AsMemory(0, _count));
        _from = Position;
        return slice;
    }

    public void Clear()
    {
        _count = _used = 0;
        if (_bytes.Length <= KeptBytes) return;

        // After large records, every partition would keep as much as the largest slice had.
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = ArrayPool<byte>.Shared.Rent(FirstBytes);
    }

    public void Dispose()
    {
        Clear();
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _bytes, []));
        ArrayPool<RawRecord>.Shared.Return(Interlocked.Exchange(ref _records, []), clearArray: true);
        ArrayPool<(int Start, int Length)>.Shared.Return(Interlocked.Exchange(ref _spans, []));
    }

    private static void Grow<T>(ref T[] array, int needed, int used)
    {
        var grown = ArrayPool<T>.Shared.Rent(Math.Max(needed, array.Length * 2));
        array.AsSpan(0, used).CopyTo(grown);
        ArrayPool<T>.Shared.Return(array);
        array = grown;
    }
}
