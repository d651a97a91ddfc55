namespace Crypto.TradeIngest.Replay;

/// <summary>
/// Reads a zip entry and checks its length and CRC-32 at the end, which <see cref="System.IO.Compression.ZipArchive"/> leaves
/// undone: without it a damaged archive would read as other prices.
/// </summary>
internal sealed class VerifiedEntryStream(Stream entry, uint expectedCrc, long expectedLength) : Stream
{
    private static readonly uint[] Table = CreateTable();

    private uint _crc = uint.MaxValue;
    private long _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => expectedLength;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <exception cref="InvalidDataException">The entry ended and was not what the archive says.</exception>
    public override int Read(Span<byte> buffer) => Check(buffer, entry.Read(buffer));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <exception cref="InvalidDataException">The entry ended and was not what the archive says.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await entry.ReadAsync(buffer, cancellationToken);
        return Check(buffer.Span, read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) entry.Dispose();
        base.Dispose(disposing);
    }

    private int Check(ReadOnlySpan<byte> buffer, int read)
    {
        if (read == 0 && buffer.Length > 0)
        {
            return _length == expectedLength && ~_crc == expectedCrc
                ? 0
                : throw new InvalidDataException("The entry's length or CRC-32 is not the one stored in the archive.");
        }

        var crc = _crc;
        foreach (var b in buffer[..read]) crc = Table[(byte)(crc ^ b)] ^ (crc >> 8);
        _crc = crc;
        _length += read;
        return read;
    }

    private static uint[] CreateTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            table[i] = crc;
        }

        return table;
    }
}
