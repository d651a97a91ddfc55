using System.Globalization;
using System.Text;

namespace Crypto.TradeIngest.Commands.Queries;

/// <summary>Writes rows in one format, holding no more of them than the format needs.</summary>
internal abstract class RowWriter : IDisposable
{
    /// <param name="format">Which.</param>
    /// <param name="columns">The names of the columns.</param>
    /// <param name="output">Where to; not closed.</param>
    /// <param name="width">Most characters of a line, where the format has lines for people.</param>
    public static RowWriter Create(QueryFormat format, IReadOnlyList<string> columns, Stream output, int width) => format switch
    {
        QueryFormat.Json => new JsonRowWriter(columns, output, isLines: false),
        QueryFormat.Ndjson => new JsonRowWriter(columns, output, isLines: true),
        QueryFormat.Csv => new CsvRowWriter(columns, output),
        _ => new TableRowWriter(columns, output, width),
    };

    public abstract void Write(object?[] row);

    /// <summary>To be called after the last row.</summary>
    public abstract void Complete();

    public abstract void Dispose();

    /// <summary>A value as text; null gives an empty one.</summary>
    protected static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        double number => Shortest(number),
        byte[] bytes => Printable(bytes),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // The shortest text that reads back as the same number, without an exponent where a person expects none.
    private static string Shortest(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('E', StringComparison.Ordinal) && Math.Abs(number) is >= 1e-16 and < 1e15
            ? number.ToString("0.########################", CultureInfo.InvariantCulture)
            : text;
    }

    private static string Printable(byte[] bytes) => bytes.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~')
        ? "0x" + Convert.ToHexStringLower(bytes)
        : Encoding.ASCII.GetString(bytes);
}
