using System.Buffers;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>
/// Frames on their way to one client. Appending never waits; one writer sends all that has gathered in a single write, so
/// that a busy stream costs a system call per batch and not per trade. Appending is serialized by the lock inside.
/// </summary>
internal sealed class Outbound : IDisposable
{
    // What the server's own buffer takes at once: more would only be copied there and grow it.
    private const int WriteLength = 64 * 1024;

    private readonly Lock _appending = new();
    private readonly SemaphoreSlim _ready = new(0);
    private byte[] _gathered = ArrayPool<byte>.Shared.Rent(16 * 1024);
    private int _count;
    private int _sending;
    private bool _completed;
    private TaskCompletionSource? _sent;

    /// <summary>Adds whole frames.</summary>
    /// <returns>Bytes now waiting, or -1 when the queue takes no more.</returns>
    public long Append(ReadOnlySpan<byte> frames)
    {
        lock (_appending)
        {
            if (_completed) return -1;
            if (frames.IsEmpty) return _count + _sending;
            if (_count + frames.Length > _gathered.Length)
            {
                var roomier = ArrayPool<byte>.Shared.Rent(Math.Max(_count + frames.Length, _gathered.Length * 2));
                _gathered.AsSpan(0, _count).CopyTo(roomier);
                ArrayPool<byte>.Shared.Return(_gathered);
                _gathered = roomier;
            }

            frames.CopyTo(_gathered.AsSpan(_count));
            if (_count == 0) _ready.Release();
            _count += frames.Length;
            return _count + _sending;
        }
    }

    /// <summary>Takes no more; what has gathered is still sent.</summary>
    public void Complete()
    {
        lock (_appending)
        {
            if (_completed) return;
            _completed = true;
            _ready.Release();
        }
    }

    /// <summary>Completes when at most <paramref name="limit"/> bytes wait, or nothing is sent any more.</summary>
    public async ValueTask WhenAtMostAsync(int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task sent;
            lock (_appending)
            {
                if (_completed || _count + _sending <= limit) return;
                _sent ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                sent = _sent.Task;
            }

            await sent.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Sends until <see cref="Complete"/> was called and all is sent. On any failure it completes the queue and throws.</summary>
    public async Task RunAsync(Stream stream, CancellationToken cancellationToken)
    {
        var sending = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (true)
            {
                await _ready.WaitAsync(cancellationToken);
                bool last;
                lock (_appending)
                {
                    (_gathered, sending) = (sending, _gathered);
                    (_sending, _count) = (_count, 0);
                    last = _completed;
                }

                for (var at = 0; at < _sending; at += WriteLength)
                {
                    await stream.WriteAsync(sending.AsMemory(at, Math.Min(WriteLength, _sending - at)), cancellationToken);
                }

                lock (_appending)
                {
                    _sending = 0;
                    Wake();
                }

                if (last) return;
            }
        }
        finally
        {
            lock (_appending)
            {
                _completed = true;
                Wake();
            }

            ArrayPool<byte>.Shared.Return(sending);
        }
    }

    public void Dispose() => _ready.Dispose();

    private void Wake()
    {
        _sent?.TrySetResult();
        _sent = null;
    }
}
