using System.Buffers;

namespace Crypto.TradeIngest.Replay;

/// <summary>
/// Splits a stream into lines within one pooled buffer: fill, take lines until there are none, fill again. Memory stays the same
/// for any content. Ends a line at LF or CRLF; the last one needs neither.
/// </summary>
internal sealed class LineBuffer : IDisposable
{
    /// <summary>Longest line given out whole.</summary>
    public const int MaxLineLength = 1 << 20;

    /// <summary>How much of a longer line is kept to show.</summary>
    public const int KeptOfTooLong = 4096;

    // What is read at once stays in the processor's cache until it is parsed.
    private const int ReadSize = 256 * 1024;

    // Room for one read beyond the longest line.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(MaxLineLength + ReadSize);
    private int _start;
    private int _scanned;
    private int _end;
    private bool _streamEnded;

    // Invariant: while a line runs on too long, the buffer's first bytes are its start and the rest of it is counted, not kept.
    private long _dropped;

    /// <summary>Number of the line last taken, from 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>Length of the line last taken; more than was given out when it was too long.</summary>
    public long LineLength { get; private set; }

    /// <summary>Bytes that the last <see cref="FillAsync"/> read.</summary>
    public int LastFill { get; private set; }

    public bool LineIsTooLong => LineLength > MaxLineLength;

    /// <summary>Takes the next whole line, without its line ending. The span dies with the next call.</summary>
    /// <returns>False when the rest of the line has yet to be read, or nothing is left.</returns>
    public bool TryTake(out ReadOnlySpan<byte> line)
    {
        var found = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
        var lineEnd = found >= 0 ? _scanned + found : _end;
        if (found < 0 && (!_streamEnded || (_start == _end && _dropped == 0)))
        {
            _scanned = _end;
            line = default;
            return false;
        }

        line = _buffer.AsSpan(_start, lineEnd - _start);
        LineLength = line.Length + _dropped;
        LineNumber++;
        _dropped = 0;
        _start = found >= 0 ? lineEnd + 1 : _end;
        _scanned = _start;
        if (LineIsTooLong) line = line[..Math.Min(line.Length, KeptOfTooLong)];
        else if (line.EndsWith("\r"u8)) line = line[..^1];
        return true;
    }

    /// <summary>Reads on, after <see cref="TryTake"/> found no more lines.</summary>
    /// <returns>False when the stream has ended; what is left is then a line of its own.</returns>
    public async ValueTask<bool> FillAsync(Stream stream, CancellationToken cancellationToken)
    {
        MakeRoom();
        LastFill = 0;
        LastFill = await stream.ReadAsync(_buffer.AsMemory(_end, ReadSize), cancellationToken);
        _end += LastFill;
        _streamEnded = LastFill == 0;
        return !_streamEnded;
    }

    /// <summary>Makes the unfinished line that a failing stream left behind one that can be taken.</summary>
    public void EndHere() => _streamEnded = true;

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }

    private void MakeRoom()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end > MaxLineLength)
        {
            _dropped += _end - KeptOfTooLong;
            _end = KeptOfTooLong;
        }

        _scanned = _end;
    }
}
