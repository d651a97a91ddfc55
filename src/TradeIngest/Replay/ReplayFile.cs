using System.IO.Compression;
using System.Runtime.CompilerServices;
using Crypto.TradeIngest.Pipelines;
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
    /// Reads the file; it can be read once. Gives dead letters and batches of up to <see cref="ReplayLines.BatchSize"/> trades in
    /// the order of the lines. Whoever takes a batch disposes it.
    /// </summary>
    /// <exception cref="ReplayFileException">
    /// The checksum file beside it tells of another content, and nothing was read; or the file is damaged, and everything before
    /// the damage was given out.
    /// </exception>
    public async IAsyncEnumerable<StreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await ArchiveChecksum.VerifyAsync(_file.Name, cancellation);
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
                    failure = Damaged(part.Name, exception);
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
        new($"{name} is damaged: {cause.Message} Every line before the damage was read. Download or copy it again.", cause);
}
