using System.Buffers;

namespace Crypto.TradeIngest.Streams;

/// <summary>
/// Where one message is put together: a pooled array that grows up to a bound and is reused for the next message. Past the
/// bound the kept part stays and further pieces land in the same last part of the array, counted but lost.
/// </summary>
internal sealed class MessageBuffer(int bound = MessageBuffer.DefaultBound) : IDisposable
{
    /// <summary>1 MiB: the longest legitimate message, a list of 1,024 subscriptions, has about 30 kB.</summary>
    public const int DefaultBound = 1 << 20;

    private const int InitialSize = 16 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Min(InitialSize, bound));
    private int _kept;
    private long _length;

    public bool IsTooLarge => _length > bound;

    /// <summary>Room for the next piece, never empty.</summary>
    public Memory<byte> Free
    {
        get
        {
            if (_kept < _bytes.Length) return _bytes.AsMemory(_kept);

            // One byte past the bound, so that a message of exactly the bound is told from a larger one.
            var grown = ArrayPool<byte>.Shared.Rent(Math.Min(_bytes.Length * 2, bound + 1));
            _bytes.AsSpan(0, _kept).CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = grown;
            return _bytes.AsMemory(_kept);
        }
    }

    public void Advance(int count)
    {
        _length += count;
        _kept = (int)Math.Min(_length, bound);
    }

    public void Clear()
    {
        _kept = 0;
        _length = 0;
    }

    public ReceivedMessage ToMessage() => IsTooLarge
        ? new ReceivedMessage(MessageKind.TooLarge, _bytes.AsMemory(0, _kept), _length, null)
        : ReceivedMessage.Data(_bytes.AsMemory(0, _kept));

    public void Dispose()
    {
        var bytes = Interlocked.Exchange(ref _bytes, []);
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
    }
}
