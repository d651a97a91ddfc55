using System.Buffers;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// Rows as newline-delimited JSON in one pooled buffer, each with the offset it stands for. Writing a row allocates nothing.
/// Used again after <see cref="Clear"/>. Not thread-safe.
/// </summary>
public sealed class RowBatch : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private long[] _offsets = ArrayPool<long>.Shared.Rent(1024);
    private int[] _ends = ArrayPool<int>.Shared.Rent(1024);
    private bool _isOpen;

    public int Count { get; private set; }

    /// <summary>Length of the body.</summary>
    public int Bytes { get; private set; }

    /// <summary>Offset of the last row. Meaningless without rows.</summary>
    public long LastOffset => _offsets[Count - 1];

    /// <summary>The body: one JSON object per line, every line ended.</summary>
    public ReadOnlySpan<byte> Body => _bytes.AsSpan(0, Bytes);

    /// <summary>The rows up to an offset, valid until the batch changes; null without any.</summary>
    internal CommittedRows? UpTo(long offset, long rowsOfChannel)
    {
        var count = Offsets.BinarySearch(offset);
        count = count >= 0 ? count + 1 : ~count;
        return count == 0
            ? null
            : new CommittedRows(_bytes.AsMemory(0, Bytes), _offsets.AsMemory(0, count), _ends.AsMemory(0, count), rowsOfChannel, null);
    }

    internal ReadOnlySpan<long> Offsets => _offsets.AsSpan(0, Count);

    /// <summary>For each row the end of its line in <see cref="Body"/>.</summary>
    internal ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    /// <summary>Starts a row; the writer's <see cref="RowWriter.End"/> completes it.</summary>
    /// <param name="offset">Greater than that of the row before: one row per offset, so that any offset can be resumed at.</param>
    public RowWriter BeginRow(long offset)
    {
        if (_isOpen) throw new InvalidOperationException("The row before was not ended.");
        if (Count > 0 && offset <= LastOffset) throw new ArgumentOutOfRangeException(
            nameof(offset), offset, $"Offsets rise; the row before has {LastOffset}.");
        if (Count == _offsets.Length)
        {
            Grow(ref _offsets, Count);
            Grow(ref _ends, Count);
        }

        _offsets[Count] = offset;
        _isOpen = true;
        return new RowWriter(this);
    }

    public void Clear()
    {
        Count = 0;
        Bytes = 0;
        _isOpen = false;
    }

    public void Dispose()
    {
        Clear();
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _bytes, []));
        ArrayPool<long>.Shared.Return(Interlocked.Exchange(ref _offsets, []));
        ArrayPool<int>.Shared.Return(Interlocked.Exchange(ref _ends, []));
    }

    /// <summary>Room for at least this number of bytes; <see cref="Advance"/> says how many were used.</summary>
    internal Span<byte> Reserve(int bytes)
    {
        if (Bytes + bytes > _bytes.Length)
        {
            var grown = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Bytes + bytes));
            _bytes.AsSpan(0, Bytes).CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = grown;
        }

        return _bytes.AsSpan(Bytes);
    }

    internal void Advance(int bytes) => Bytes += bytes;

    internal void EndRow()
    {
        _ends[Count++] = Bytes;
        _isOpen = false;
    }

    private static void Grow<T>(ref T[] array, int used)
    {
        var grown = ArrayPool<T>.Shared.Rent(array.Length * 2);
        array.AsSpan(0, used).CopyTo(grown);
        ArrayPool<T>.Shared.Return(array);
        array = grown;
    }
}
