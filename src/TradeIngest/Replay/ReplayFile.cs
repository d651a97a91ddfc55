using System.Buffers;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Replay;

/// <summary>
/// A file of trades, read from its start to its end in constant memory: the exchange's archive (<c>.csv</c>, <c>.csv.gz</c>, or
/// <c>.zip</c> of them) or recorded frames (<c>.jsonl</c>, <c>.jsonl.gz</c>). A line that is no trade becomes a dead letter and
/// reading goes on.
/// </summary>
internal sealed class ReplayFile : IDisposable
{
    private readonly FileStream _file;
    private readonly ZipArchive? _archive;
    private readonly IReadOnlyList<ReplayPart> _parts;
    private readonly SymbolTable _symbols;
    private readonly TimeProvider _clock;
    private bool _isChecked;

    private ReplayFile(FileStream file, ZipArchive? archive, IReadOnlyList<ReplayPart> parts, SymbolTable symbols, TimeProvider clock)
    {
        _file = file;
        _archive = archive;
        _parts = parts;
        _symbols = symbols;
        _clock = clock;
        Length = archive is null ? file.Length : archive.Entries.Sum(entry => entry.Length);
    }

    /// <summary>Bytes to read: as stored on disk, or unpacked for a zip archive. The measure of <see cref="BytesRead"/>.</summary>
    public long Length { get; }

    public long BytesRead { get; private set; }

    /// <summary>What came of the lines read so far.</summary>
    public ReplayCounts Counts { get; } = new();

    /// <summary>Opens a file and looks what is in it, without reading a trade.</summary>
    /// <param name="symbol">The symbol of archive lines; by default it is taken from the file's name.</param>
    /// <exception cref="ReplayFileException">The file is missing, damaged, of no known format, or its symbol is unknown.</exception>
    public static ReplayFile Open(string path, SymbolTable symbols, TimeProvider clock, string? symbol = null)
    {
        FileStream? file = null;
        ZipArchive? archive = null;
        try
        {
            file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            archive = ReplayPart.HasExtension(path, ".zip") ? new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true) : null;
            return new ReplayFile(file, archive, ReplayPart.Find(file, archive, symbols, symbol), symbols, clock);
        }
        catch (Exception exception)
        {
            archive?.Dispose();
            file?.Dispose();
            throw exception switch
            {
                FileNotFoundException or DirectoryNotFoundException =>
                    new ReplayFileException($"{path} does not exist. Check the path.", exception),
                InvalidDataException => Damaged(path, exception),
                IOException or UnauthorizedAccessException =>
                    new ReplayFileException($"{path} cannot be opened: {exception.Message}", exception),
                _ => exception,
            };
        }
    }

    /// <summary>
    /// Compares the file with the checksum file beside it, if there is one, and unpacks a packed one once, which compares it with the
    /// checksums within: a damaged file would read as other prices. Does so once; <see cref="ReadAsync"/> does it if it was not done.
    /// </summary>
    /// <exception cref="ReplayFileException">They do not agree.</exception>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        if (_isChecked) return;
        await ArchiveChecksum.VerifyAsync(_file.Name, cancellation);
        if (_archive is not null || ReplayPart.HasExtension(_file.Name, ".gz")) await UnpackAsync(cancellation);
        _isChecked = true;
    }

    /// <summary>
    /// Reads the file; it can be read once. Gives dead letters and batches of up to <see cref="ReplayLines.BatchSize"/> trades in
    /// the order of the lines. The receiver of a batch disposes it.
    /// </summary>
    /// <exception cref="ReplayFileException">
    /// The checksum file beside it is of another content, or the file is packed and damaged: nothing was given out. Or reading failed half
    /// way, and everything before was given out.
    /// </exception>
    public async IAsyncEnumerable<StreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await CheckAsync(cancellation);
        BytesRead = 0;
        foreach (var part in _parts)
        {
            await using var stream = OpenPart(part);
            using var lines = new ReplayLines(part, _symbols, _clock, Counts);
            ReplayFileException? failure = null;
            while (failure is null)
            {
                var filled = false;
                try
                {
                    filled = await lines.FillAsync(stream, cancellation);
                }
                catch (Exception exception) when (exception is IOException or InvalidDataException)
                {
                    failure = new ReplayFileException(
                        $"{part.Name} cannot be read on: {exception.Message} Every line before was read. Download or copy it again.",
                        exception);
                    lines.EndHere();
                }

                BytesRead = _archive is null ? _file.Position : BytesRead + lines.LastFill;
                while (lines.Next() is { } next) yield return next;
                if (!filled) break;
            }

            if (lines.Rest() is { } rest) yield return rest;
            if (failure is not null) throw failure;
        }
    }

    public void Dispose()
    {
        _archive?.Dispose();
        _file.Dispose();
    }

    private async Task UnpackAsync(CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            foreach (var part in _parts)
            {
                await using var stream = OpenPart(part);
                for (int read; (read = await stream.ReadAsync(buffer, cancellation)) > 0;)
                {
                    BytesRead = _archive is null ? _file.Position : BytesRead + read;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            throw Damaged(_file.Name, exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (_archive is null) _file.Position = 0;
    }

    private static Stream OpenPart(ReplayPart part)
    {
        try
        {
            return part.Open();
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            throw Damaged(part.Name, exception);
        }
    }

    private static ReplayFileException Damaged(string name, Exception cause) =>
        new($"{name} is damaged: {cause.Message} Nothing of it was loaded. Download or copy it again.", cause);
}
