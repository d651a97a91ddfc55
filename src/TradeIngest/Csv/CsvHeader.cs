namespace Crypto.TradeIngest.Csv;

/// <summary>
/// The first line of a CSV file, which names its columns in an order of its own. Case, blanks and underscores do not count:
/// <c>riskLevel</c> is <c>risk_level</c>.
/// </summary>
internal sealed class CsvHeader
{
    private readonly int[] _positions;

    private CsvHeader(int[] positions, int count)
    {
        _positions = positions;
        Count = count;
    }

    /// <summary>Columns of the file.</summary>
    public int Count { get; }

    /// <summary>The position in the file of a column asked for, both from 0; -1 for an optional one that the file does not have.</summary>
    public int this[int column] => _positions[column];

    /// <summary>Finds the columns by their names.</summary>
    /// <param name="names">As the first line has them.</param>
    /// <param name="required">What the file must have.</param>
    /// <param name="optional">What it may have besides; nothing else.</param>
    /// <returns>The header, or what is wrong with it: every unknown, repeated and missing column by its name.</returns>
    public static (CsvHeader? Header, string? Fault) Read(
        IReadOnlyList<string> names, IReadOnlyList<string> required, params IReadOnlyList<string> optional)
    {
        IReadOnlyList<string> known = [.. required, .. optional];
        var positions = new int[known.Count];
        Array.Fill(positions, -1);
        var faults = new List<string>();
        for (var i = 0; i < names.Count; i++)
        {
            var column = IndexOf(known, names[i]);
            if (column < 0) faults.Add($"column '{names[i]}' is unknown");
            else if (positions[column] >= 0) faults.Add($"column {known[column]} stands twice");
            else positions[column] = i;
        }

        for (var i = 0; i < required.Count; i++)
        {
            if (positions[i] < 0) faults.Add($"column {required[i]} is missing");
        }

        if (faults.Count == 0) return (new CsvHeader(positions, names.Count), null);
        var expected = string.Join(',', required) + string.Concat(optional.Select(name => $"[,{name}]"));
        return (null, $"{string.Join(", ", faults)}; the first line names the columns, in any order: {expected}");
    }

    /// <summary>Whether one of the names is among those of the columns.</summary>
    public static bool HasAnyOf(IReadOnlyList<string> names, IReadOnlyList<string> columns) =>
        names.Any(name => IndexOf(columns, name) >= 0);

    private static int IndexOf(IReadOnlyList<string> columns, string name)
    {
        var plain = Plain(name);
        for (var i = 0; i < columns.Count; i++)
        {
            if (Plain(columns[i]).Equals(plain, StringComparison.OrdinalIgnoreCase)) return i;
        }

        return -1;
    }

    private static string Plain(string name) => string.Concat(name.Where(letter => letter is not ('_' or ' ')));
}
