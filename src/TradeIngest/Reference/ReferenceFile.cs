using System.Collections.Immutable;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// The reference file <c>symbols.csv</c>, kept by hand:
/// <code>
/// ticker,sector,risk_level,valid_from
/// BTCUSDT,Store of value,LOW,
/// SOLUSDT,Smart contracts,HIGH,2026-03-01T00:00:00Z
/// </code>
/// <c>valid_from</c> is optional, column and value: since when the line holds. A ticker may have several lines, each with its own
/// <c>valid_from</c> and one without. An empty sector or risk level says that there is none.
/// Blank lines and lines that start with # are skipped.
/// </summary>
internal static class ReferenceFile
{
    /// <summary>The file's name in a data folder.</summary>
    public const string FileName = "symbols.csv";

    /// <summary>Reads the lines; one that cannot be understood is a fault with its number, and the others count.</summary>
    public static (IReadOnlyList<SymbolStatement> Statements, IReadOnlyList<string> Faults) Parse(IEnumerable<string> lines)
    {
        var statements = new List<SymbolStatement>();
        var faults = new List<string>();
        var seen = new HashSet<(NaturalKey Key, Timestamp? ValidFrom)>();
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            var text = number == 1 ? line.TrimStart('\uFEFF') : line;
            if (string.IsNullOrWhiteSpace(text) || text.StartsWith('#') || IsHeader(text)) continue;
            if (ParseLine(text, out var fault) is not { } statement) faults.Add($"line {number}: {fault}");
            else if (seen.Add((statement.Key, statement.ValidFrom))) statements.Add(statement);
            else faults.Add($"line {number}: {statement.Key.Ticker} has a line with the same valid_from above");
        }

        return (statements, faults);
    }

    private static bool IsHeader(string line) => line.StartsWith("ticker,", StringComparison.OrdinalIgnoreCase);

    private static SymbolStatement? ParseLine(string line, out string fault)
    {
        fault = "";
        var fields = line.Split(',', StringSplitOptions.TrimEntries);
        if (fields.Length is < 3 or > 4)
        {
            fault = $"{fields.Length} fields where ticker,sector,risk_level[,valid_from] are expected";
            return null;
        }

        if (fields[0].Length == 0)
        {
            fault = "the ticker is empty";
            return null;
        }

        Timestamp? validFrom = null;
        if (fields.Length == 4 && fields[3].Length > 0)
        {
            if (!Timestamp.TryParse(fields[3], out var time))
            {
                fault = $"valid_from '{fields[3]}' is no ISO 8601 time such as 2026-03-01T00:00:00Z";
                return null;
            }

            validFrom = time;
        }

        var attributes = ImmutableSortedDictionary<SymbolAttribute, string?>.Empty
            .Add(SymbolAttribute.Sector, NullIfEmpty(fields[1]))
            .Add(SymbolAttribute.RiskLevel, NullIfEmpty(fields[2]));
        return new SymbolStatement(new NaturalKey(Exchange.Binance, fields[0].ToUpperInvariant()), attributes, validFrom);
    }

    private static string? NullIfEmpty(string field) => field.Length == 0 ? null : field;
}
