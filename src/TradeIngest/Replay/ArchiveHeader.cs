using System.Text;
using Crypto.TradeIngest.Csv;

namespace Crypto.TradeIngest.Replay;

/// <summary>The header that some archive files have: their columns may stand in another order than the exchange publishes.</summary>
internal sealed class ArchiveHeader
{
    private readonly CsvHeader _header;
    private readonly bool _isAsPublished;
    private byte[] _arranged = [];

    private ArchiveHeader(CsvHeader header)
    {
        _header = header;
        _isAsPublished = Enumerable.Range(0, header.Count).All(column => header[column] == column);
    }

    /// <summary>Whether a first line names columns: it has a known name, or no field of it starts as a number does.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> line)
    {
        var names = NamesOf(line);
        return CsvHeader.HasAnyOf(names, ArchiveLine.Columns)
            || (names.Length > 1 && names.All(name => name.Length > 0 && name[0] is not ((>= '0' and <= '9') or '-' or '+' or '.')));
    }

    /// <exception cref="ReplayFileException">A column is unknown, missing or there twice.</exception>
    /// <param name="part">Where the line stands, for the message.</param>
    public static ArchiveHeader Read(ReadOnlySpan<byte> line, string part)
    {
        var (header, fault) = CsvHeader.Read(NamesOf(line), ArchiveLine.Columns);
        return new ArchiveHeader(header ?? throw new ReplayFileException($"{part}, line 1: {fault}. Nothing of it was read."));
    }

    /// <summary>
    /// The line with its fields as published; one with fewer or more than the header names stays as it is, since it is no trade either way.
    /// The span dies with the next call.
    /// </summary>
    public ReadOnlySpan<byte> Arrange(ReadOnlySpan<byte> line)
    {
        if (_isAsPublished || line.Count((byte)',') + 1 != _header.Count) return line;
        Span<Range> fields = stackalloc Range[_header.Count];
        var count = 0;
        foreach (var field in line.Split((byte)',')) fields[count++] = field;
        if (_arranged.Length < line.Length) _arranged = new byte[line.Length];
        var end = 0;
        for (var column = 0; column < count; column++)
        {
            var field = line[fields[_header[column]]];
            if (column > 0) _arranged[end++] = (byte)',';
            field.CopyTo(_arranged.AsSpan(end));
            end += field.Length;
        }

        return _arranged.AsSpan(0, end);
    }

    private static string[] NamesOf(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line).Split(',', StringSplitOptions.TrimEntries);
}
