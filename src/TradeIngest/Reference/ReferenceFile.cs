using System.Collections.Immutable;
using Crypto.TradeIngest.Csv;
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
/// The first line names the columns, in any order. <c>valid_from</c> is optional, column and value: since when the line holds, as
/// <see cref="Timestamp.TryParse"/> reads it. A ticker may have several lines, each with its own <c>valid_from</c> and one without. An
/// empty sector or risk level says that there is none. Blank lines and lines that start with # are skipped.
/// </summary>
internal static class ReferenceFile
{
    /// <summary>The file's name in a data folder.</summary>
    public const string FileName = "symbols.csv";

    private const int Ticker = 0;
    private const int Sector = 1;
    private const int RiskLevel = 2;
    private const int ValidFrom = 3;

    private static readonly string[] Required = ["ticker", "sector", "risk_level"];

    /// <summary>
    /// Reads the lines; one that cannot be understood is a fault with its number, and the others count. Under a header that cannot be
    /// understood none counts.
    /// </summary>
    public static (IReadOnlyList<SymbolAssertion> Assertions, IReadOnlyList<string> Faults) Parse(IEnumerable<string> lines)
    {
        var assertions = new List<SymbolAssertion>();
        var faults = new List<string>();
        var seen = new HashSet<(NaturalKey Key, Timestamp? ValidFrom)>();
        CsvHeader? header = null;
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            var text = number == 1 ? line.TrimStart('\uFEFF') : line;
            if (string.IsNullOrWhiteSpace(text) || text.StartsWith('#')) continue;
            try
            {
                var fields = CsvLine.Split(text);
                if (header is null)
                {
                    (header, var fault) = CsvHeader.Read(fields, Required, "valid_from");
                    if (header is null) return ([], [$"line {number}: {fault}"]);
                    continue;
                }

                var assertion = Read(fields, header);
                if (seen.Add((assertion.Key, assertion.ValidFrom))) assertions.Add(assertion);
                else faults.Add($"line {number}: {assertion.Key.Ticker} has a line with the same valid_from above");
            }
            catch (FormatException failure)
            {
                faults.Add($"line {number}: {failure.Message}");
            }
        }

        return (assertions, faults);
    }

    /// <exception cref="FormatException">The line says nothing of a symbol; the message tells why.</exception>
    private static SymbolAssertion Read(string[] fields, CsvHeader header)
    {
        if (fields.Length != header.Count) throw new FormatException($"{fields.Length} fields where the first line names {header.Count}");
        var ticker = fields[header[Ticker]];
        if (ticker.Length == 0) throw new FormatException("the ticker is empty");
        var attributes = ImmutableSortedDictionary<SymbolAttribute, string?>.Empty
            .Add(SymbolAttribute.Sector, NullIfEmpty(fields[header[Sector]]))
            .Add(SymbolAttribute.RiskLevel, NullIfEmpty(fields[header[RiskLevel]]));
        var since = header[ValidFrom] < 0 ? null : NullIfEmpty(fields[header[ValidFrom]]);
        var key = new NaturalKey(Exchange.Binance, ticker.ToUpperInvariant());
        return new SymbolAssertion(key, attributes, since is null ? null : TimeOf(since));
    }

    private static Timestamp TimeOf(string text)
    {
        if (!Timestamp.TryParse(text, out var time)) throw new FormatException($"valid_from '{text}' is not {Timestamp.Forms}");

        // The dimension's calendar: what is said of other times would never be seen.
        return time >= Timestamp.Epoch && time < Timestamp.EndOfTime
            ? time
            : throw new FormatException($"valid_from '{text}' is not within {Timestamp.Epoch} and {Timestamp.EndOfTime}");
    }

    private static string? NullIfEmpty(string field) => field.Length == 0 ? null : field;
}
