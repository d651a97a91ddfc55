using System.Buffers;
using System.IO.Compression;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// Rows of one append, their bytes fixed before the first attempt: an attempt whose outcome is not known is repeated with exactly these
/// bytes, since Snowflake answers a used continuation token with success and inserts nothing. Kept, compressed, until committed.
/// </summary>
internal sealed class FrozenRows : IDisposable
{
    private readonly long[] _offsets;
    private readonly int[] _ends;
    private readonly int _bodyLength;
    private readonly int _wireLength;
    private byte[] _wire;

    private FrozenRows(ReadOnlySpan<byte> body, ReadOnlySpan<long> offsets, ReadOnlySpan<int> ends, int start, Guid requestId)
    {
        _bodyLength = body.Length;
        Rows = offsets.Length;
        _offsets = ArrayPool<long>.Shared.Rent(Rows);
        offsets.CopyTo(_offsets);
        _ends = ArrayPool<int>.Shared.Rent(Rows);
        for (var i = 0; i < Rows; i++) _ends[i] = ends[i] - start;
        RequestId = requestId;
        (_wire, _wireLength) = Compress(body);
    }

    public int Rows { get; }

    public long FirstOffset => _offsets[0];

    public long LastOffset => _offsets[Rows - 1];

    /// <summary>Bytes before compression.</summary>
    public int BodyBytes => _bodyLength;

    /// <summary>The request's body, gzip-compressed.</summary>
    public ReadOnlyMemory<byte> Wire => _wire.AsMemory(0, _wireLength);

    public Guid RequestId { get; }

    /// <summary>The rows of a batch after an offset, cut so that each piece keeps both limits.</summary>
    /// <exception cref="SnowflakeException">One row alone is too large.</exception>
    public static IEnumerable<FrozenRows> Of(RowBatch batch, long after, int maxBody, int maxWire, Func<Guid> nextId)
    {
        var pieces = new List<FrozenRows>();
        var first = batch.Offsets.BinarySearch(after);
        first = first >= 0 ? first + 1 : ~first;
        while (first < batch.Count)
        {
            var start = first == 0 ? 0 : batch.Ends[first - 1];
            var end = first + 1;
            while (end < batch.Count && batch.Ends[end] - start <= maxBody) end++;
            Cut(batch, first, end, maxWire, nextId, pieces);
            first = end;
        }

        return pieces;
    }

    /// <summary>The rows up to an offset within, and those after it, with new bytes.</summary>
    public (FrozenRows Covered, FrozenRows After) CutAfter(long offset, Func<Guid> nextId)
    {
        var first = _offsets.AsSpan(0, Rows).BinarySearch(offset);
        first = first >= 0 ? first + 1 : ~first;
        var start = _ends[first - 1];
        var body = Body();
        return (
            new FrozenRows(body.AsSpan(0, start), _offsets.AsSpan(0, first), _ends.AsSpan(0, first), 0, RequestId),
            new FrozenRows(body.AsSpan(start), _offsets.AsSpan(first, Rows - first), _ends.AsSpan(first, Rows - first), start, nextId()));
    }

    public CommittedRows ToCommitted(long rowsOfChannel, string? reported) =>
        new(Body(), _offsets.AsMemory(0, Rows), _ends.AsMemory(0, Rows), rowsOfChannel, reported);

    public void Dispose()
    {
        ArrayPool<long>.Shared.Return(_offsets);
        ArrayPool<int>.Shared.Return(_ends);
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _wire, []));
    }

    private static void Cut(RowBatch batch, int first, int end, int maxWire, Func<Guid> nextId, List<FrozenRows> pieces)
    {
        var offsets = batch.Offsets[first..end];
        var ends = batch.Ends[first..end];
        var start = first == 0 ? 0 : batch.Ends[first - 1];
        var piece = new FrozenRows(batch.Body[start..ends[^1]], offsets, ends, start, nextId());
        if (piece._wireLength <= maxWire)
        {
            pieces.Add(piece);
            return;
        }

        piece.Dispose();
        if (end - first == 1)
        {
            throw new SnowflakeException(
                SnowflakeFault.Refused,
                $"The row of offset {offsets[0]} has {ends[0] - start} bytes, which do not fit in a request of {maxWire} even when "
                    + "compressed.");
        }

        var middle = (first + end) / 2;
        Cut(batch, first, middle, maxWire, nextId, pieces);
        Cut(batch, middle, end, maxWire, nextId, pieces);
    }

    private static (byte[] Wire, int Length) Compress(ReadOnlySpan<byte> body)
    {
        // Text of numbers compresses to a fifth or so; what does not compress grows by a few bytes per block.
        using var wire = new PooledStream(ArrayPool<byte>.Shared.Rent((body.Length / 4) + 256));
        using (var gzip = new GZipStream(wire, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body);
        return wire.Detach();
    }

    // Wanted only when something went wrong: what was sent is kept compressed.
    private byte[] Body()
    {
        var body = new byte[_bodyLength];
        using var gzip = new GZipStream(new MemoryStream(_wire, 0, _wireLength), CompressionMode.Decompress);
        gzip.ReadExactly(body);
        return body;
    }

    /// <summary>Writes into a pooled array that grows.</summary>
    private sealed class PooledStream(byte[] buffer) : Stream
    {
        private byte[] _buffer = buffer;
        private int _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position { get => _length; set => throw new NotSupportedException(); }

        public (byte[] Buffer, int Length) Detach() => (Interlocked.Exchange(ref _buffer, []), _length);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (_length + buffer.Length > _buffer.Length)
            {
                var grown = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + buffer.Length));
                _buffer.AsSpan(0, _length).CopyTo(grown);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = grown;
            }

            buffer.CopyTo(_buffer.AsSpan(_length));
            _length += buffer.Length;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, []));
            base.Dispose(disposing);
        }
    }
}
