using Microsoft.VisualBasic.FileIO;

namespace Crypto.TradeIngest.Csv;

/// <summary>A line of fields separated by commas, without the blanks around them; a field in quotes may hold commas.</summary>
internal static class CsvLine
{
    /// <exception cref="FormatException">A quote is not closed, or stands within a field.</exception>
    public static string[] Split(string line)
    {
        // The parser takes its time to get ready, and few lines need it.
        if (!line.Contains('"', StringComparison.Ordinal)) return line.Split(',', StringSplitOptions.TrimEntries);
        using var parser = new TextFieldParser(new StringReader(line)) { TextFieldType = FieldType.Delimited, Delimiters = [","] };
        try
        {
            return parser.ReadFields() ?? [];
        }
        catch (MalformedLineException failure)
        {
            throw new FormatException("a quote is not closed, or stands within a field", failure);
        }
    }
}
