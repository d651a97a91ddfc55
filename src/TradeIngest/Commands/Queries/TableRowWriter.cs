using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crypto.TradeIngest.Commands.Queries;

/// <summary>
/// A table that is written while it is read: the first rows say how wide its columns are, and what is longer later takes several lines of
/// its cell, so that nothing is cut off.
/// </summary>
internal sealed class TableRowWriter(IReadOnlyList<string> columns, Stream output, int width) : RowWriter
{
    // The rows that are held to learn the widths: some pages, and never many bytes.
    private const int SampleRows = 500;
    private const int SampleCharacters = 1 << 20;

    // Of a table that is wider than its terminal, or that no terminal shows.
    public const int LongestLine = 1000;

    // No column gets narrower than this for others to fit.
    private const int NarrowColumn = 8;

    private readonly StreamWriter _output = new(output, leaveOpen: true) { NewLine = "\n" };
    private readonly List<string[]> _sample = [];
    private readonly bool[] _isNumeric = new bool[columns.Count];
    private int[]? _widths;
    private int _sampled;
    private long _rows;

    public override void Write(object?[] row)
    {
        var cells = new string[row.Length];
        for (var i = 0; i < row.Length; i++) cells[i] = OnOneLine(Text(row[i]));
        _rows++;
        if (_widths is not null)
        {
            WriteRow(cells);
            return;
        }

        for (var i = 0; i < row.Length; i++)
        {
            _isNumeric[i] |= row[i] is long or double;
            _sampled += cells[i].Length;
        }

        _sample.Add(cells);
        if (_sample.Count == SampleRows || _sampled >= SampleCharacters) Begin();
    }

    public override void Complete()
    {
        if (_widths is null) Begin();
        WriteLine('╰', '┴', '╯');
        _output.WriteLine($"{Output.Count(_rows)} rows");
        _output.Flush();
    }

    public override void Dispose() => _output.Dispose();

    private void Begin()
    {
        string[] names = [.. columns.Select(OnOneLine)];
        _widths = Widths(names);
        WriteLine('╭', '┬', '╮');
        WriteRow(names);
        WriteLine('├', '┼', '┤');
        foreach (var cells in _sample) WriteRow(cells);
        _sample.Clear();
    }

    /// <summary>As wide as the widest cell; where that is too much for a line, the widest columns give way.</summary>
    private int[] Widths(string[] names)
    {
        int WidthOf(string name, int i) => Math.Max(1, _sample.Select(cells => CellsOf(cells[i])).Append(CellsOf(name)).Max());
        var widths = names.Select(WidthOf).ToArray();

        // A line that no narrowing makes fit is left to the terminal to break.
        var isHopeless = LineOf(widths.Select(column => Math.Min(column, NarrowColumn))) > width;
        var excess = LineOf(widths) - (isHopeless ? Math.Max(width, LongestLine) : width);
        while (excess > 0 && widths.Max() is > NarrowColumn and var widest)
        {
            // All that are as wide give way together, down to the next narrower one or as far as is needed.
            var next = Math.Max(NarrowColumn, widths.Where(column => column < widest).DefaultIfEmpty(0).Max());
            var several = widths.Count(column => column == widest);
            var less = Math.Min(widest - next, (excess + several - 1) / several);
            for (var i = 0; i < widths.Length; i++) widths[i] -= widths[i] == widest ? less : 0;
            excess -= less * several;
        }

        return widths;
    }

    private static int LineOf(IEnumerable<int> widths) => widths.Sum(column => column + 3) + 1;

    private void WriteLine(char left, char middle, char right)
    {
        _output.Write(left);
        _output.Write(string.Join(middle, _widths!.Select(column => new string('─', column + 2))));
        _output.WriteLine(right);
    }

    private void WriteRow(string[] cells)
    {
        var lines = cells.Select((cell, i) => Lines(cell, _widths![i])).ToArray();
        for (var line = 0; line < lines.Max(cell => cell.Count); line++)
        {
            for (var i = 0; i < cells.Length; i++)
            {
                var text = line < lines[i].Count ? lines[i][line] : "";
                var padding = new string(' ', Math.Max(0, _widths![i] - CellsOf(text)));
                _output.Write("│ ");
                _output.Write(_isNumeric[i] ? padding + text : text + padding);
                _output.Write(' ');
            }

            _output.WriteLine('│');
        }
    }

    private static List<string> Lines(string cell, int width)
    {
        if (CellsOf(cell) <= width) return [cell];
        return Ascii.IsValid(cell)
            ? [.. cell.Chunk(width).Select(part => new string(part))]
            : [.. Segment.SplitOverflow(new Segment(cell), Overflow.Fold, width).Select(part => part.Text)];
    }

    /// <summary>Places of a terminal's line that the text takes: two for a Chinese character.</summary>
    private static int CellsOf(string text) => Ascii.IsValid(text) ? text.Length : new Segment(text).CellCount();

    // A line break or an escape sequence would break the table; its picture shows that it is there.
    private static string OnOneLine(string text)
    {
        if (!text.Any(char.IsControl)) return text;
        var shown = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            shown.Append(character < ' ' ? (char)('\u2400' + character) : char.IsControl(character) ? '\uFFFD' : character);
        }

        return shown.ToString();
    }
}
