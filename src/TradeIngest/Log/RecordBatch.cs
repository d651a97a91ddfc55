using System.Buffers;

namespace Crypto.TradeIngest.Log;

/// <summary>
/// Records on their way into a log: keys and values in one pooled buffer, appended in order. Used again after <see cref="Clear"/>.
/// </summary>
internal sealed class RecordBatch : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private Slot[] _slots = ArrayPool<Slot>.Shared.Rent(1024);
    private int _length;

    public int Count { get; private set; }

    /// <summary>Bytes of all keys and values.</summary>
    public int Bytes => _length;

    public ReadOnlySpan<byte> Key(int index) => _bytes.AsSpan(_slots[index].Start, _slots[index].KeyLength);

    public ReadOnlySpan<byte> Value(int index) => _bytes.AsSpan(_slots[index].Start + _slots[index].KeyLength, _slots[index].ValueLength);

    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        value.CopyTo(Begin(key, value.Length));
        End(value.Length);
    }

    /// <summary>Starts a record whose value the caller writes into the span returned, then tells its length to <see cref="End"/>.</summary>
    public Span<byte> Begin(ReadOnlySpan<byte> key, int maxValueLength)
    {
        EnsureRoom(key.Length + maxValueLength);
        if (Count == _slots.Length) Grow(ref _slots, Count * 2, Count);
        key.CopyTo(_bytes.AsSpan(_length));
        _slots[Count] = new Slot(_length, key.Length, 0);
        return _bytes.AsSpan(_length + key.Length, maxValueLength);
    }

    public void End(int valueLength)
    {
        ref var slot = ref _slots[Count++];
        slot = slot with { ValueLength = valueLength };
        _length = slot.Start + slot.KeyLength + valueLength;
    }

    public void Clear()
    {
        Count = 0;
        _length = 0;
    }

    public void Dispose()
    {
        Clear();
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _bytes, []));
        ArrayPool<Slot>.Shared.Return(Interlocked.Exchange(ref _slots, []));
    }

    private void EnsureRoom(int more)
    {
        if (_length + more > _bytes.Length) Grow(ref _bytes, Math.Max(_bytes.Length * 2, _length + more), _length);
    }

    private static void Grow<T>(ref T[] array, int size, int used)
    {
        var grown = ArrayPool<T>.Shared.Rent(size);
        array.AsSpan(0, used).CopyTo(grown);
        ArrayPool<T>.Shared.Return(array);
        array = grown;
    }

    private readonly record struct Slot(int Start, int KeyLength, int ValueLength);
}
