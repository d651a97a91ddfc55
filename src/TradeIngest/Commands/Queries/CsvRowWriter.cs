using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Crypto.TradeIngest.Commands.Queries;

internal sealed class CsvRowWriter : RowWriter
{
    private readonly CsvWriter _csv;

    public CsvRowWriter(IReadOnlyList<string> columns, Stream output)
    {
        _csv = new CsvWriter(
            new StreamWriter(output, leaveOpen: true),
            new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" });
        foreach (var column in columns) _csv.WriteField(column);
        _csv.NextRecord();
    }

    public override void Write(object?[] row)
    {
        foreach (var value in row)
        {
            // Quotes tell an empty text from a null.
            if (value is "") _csv.WriteField("", shouldQuote: true);
            else _csv.WriteField(Text(value));
        }

        _csv.NextRecord();
    }

    public override void Complete() => _csv.Flush();

    public override void Dispose() => _csv.Dispose();
}
