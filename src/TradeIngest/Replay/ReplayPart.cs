using System.IO.Compression;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Replay;

/// <summary>A stream of lines within a file: the file itself, unpacked if need be, or one entry of a zip archive.</summary>
/// <param name="Name">Where its lines come from, for messages.</param>
/// <param name="Symbol">The symbol of all its trades; null where each line names its own.</param>
internal sealed record ReplayPart(string Name, ReplayFormat Format, Symbol? Symbol, Func<Stream> Open)
{
    private const string BeforeDate = "-trades-";

    /// <summary>Finds what can be replayed in an opened file.</summary>
    /// <exception cref="ReplayFileException">Nothing can, or a symbol is not known.</exception>
    /// <exception cref="InvalidDataException">It is a damaged zip archive.</exception>
    public static IReadOnlyList<ReplayPart> Find(FileStream file, ZipArchive? archive, SymbolTable symbols, string? symbol)
    {
        var name = Path.GetFileName(file.Name);
        if (archive is null)
        {
            return HasExtension(name, ".gz")
                ? [Create(name, name[..^3], () => new GZipStream(file, CompressionMode.Decompress, leaveOpen: true), symbols, symbol)]
                : [Create(name, name, () => file, symbols, symbol)];
        }

        var parts = archive.Entries
            .Where(entry => FormatOf(entry.Name) is not null)
            .Select(entry => Create(
                $"{name}/{entry.FullName}",
                entry.Name,
                () => new VerifiedEntryStream(entry.Open(), entry.Crc32, entry.Length),
                symbols,
                symbol))
            .ToArray();
        return parts.Length > 0 ? parts : throw new ReplayFileException($"{file.Name} holds no .csv and no .jsonl file.");
    }

    public static bool HasExtension(string name, string extension) => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private static ReplayPart Create(string name, string innerName, Func<Stream> open, SymbolTable symbols, string? symbol)
    {
        var format = FormatOf(innerName) ?? throw new ReplayFileException(
            $"{name} is of no known format. Give SYMBOL-trades-DATE.csv, .zip or .csv.gz from the exchange's archive, "
            + "or recorded frames as .jsonl or .jsonl.gz.");
        return new ReplayPart(name, format, format == ReplayFormat.ArchiveCsv ? SymbolOf(name, innerName, symbols, symbol) : null, open);
    }

    private static Symbol SymbolOf(string name, string innerName, SymbolTable symbols, string? symbol)
    {
        var end = innerName.IndexOf(BeforeDate, StringComparison.Ordinal);
        var ticker = symbol ?? (end > 0
            ? innerName[..end]
            : throw new ReplayFileException(
                $"{name} does not tell its symbol. Name it SYMBOL-trades-DATE.csv as the exchange does, or give the symbol."));
        return symbols.TryIntern(System.Text.Encoding.UTF8.GetBytes(ticker), out var interned)
            ? interned
            : throw new ReplayFileException($"{name}: '{ticker}' cannot be a symbol. Give the symbol.");
    }

    private static ReplayFormat? FormatOf(string name)
    {
        if (HasExtension(name, ".csv")) return ReplayFormat.ArchiveCsv;
        return HasExtension(name, ".jsonl") ? ReplayFormat.Frames : null;
    }
}
