using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Crypto.Warehouse.Snowflake.Migrating;

/// <summary>A migration: <c>V0001__name.sql</c> runs once, <c>R__name.sql</c> whenever its text changed.</summary>
public sealed partial record SqlScript(string Name, string Text)
{
    internal const string Grants = "R__grants.sql";

    private const string Prefix = "Crypto.Warehouse.Snowflake.Migrations.";

    public bool IsRepeatable => Name.StartsWith("R__", StringComparison.Ordinal);

    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <summary>What it creates, with <c>TABLE</c>, <c>VIEW</c> or <c>PROCEDURE</c>.</summary>
    public IEnumerable<(string Kind, string Name)> Objects =>
        Created().Matches(Text).Select(match => (match.Groups["kind"].Value, match.Groups["name"].Value));

    /// <summary>The scripts of this version with names filled in: versioned ones in order, then views, procedures and privileges.</summary>
    public static IReadOnlyList<SqlScript> All(ObjectNames names) => [.. Embedded()
        .Where(script => script.Name[0] is 'V' or 'R')
        .OrderBy(script => script.IsRepeatable)
        .ThenBy(script => script.Name == Grants)
        .ThenBy(script => script.Name, StringComparer.Ordinal)
        .Select(names.FillIn)];

    /// <summary>The administrator's part.</summary>
    public static string Bootstrap(ObjectNames names) => names.FillIn(Embedded().Single(script => script.Name == "bootstrap.sql")).Text;

    /// <summary>
    /// Cuts at semicolons, not at those in quotes, comments and the bodies of procedures. Statements of comments only are left out.
    /// </summary>
    public static IReadOnlyList<string> Statements(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var statements = new List<string>();
        var start = 0;
        var isEmpty = true;
        for (var i = 0; i < text.Length; i++)
        {
            var end = text[i] switch
            {
                '\'' or '"' => text.IndexOf(text[i], i + 1),
                '-' when Follows(text, i, "--") => text.IndexOf('\n', i),
                '/' when Follows(text, i, "/*") => text.IndexOf("*/", i, StringComparison.Ordinal) + 1,
                '$' when Follows(text, i, "$$") => text.IndexOf("$$", i + 2, StringComparison.Ordinal) + 1,
                _ => i,
            };
            if (end < i) end = text.Length - 1;
            if (text[i] == ';')
            {
                if (!isEmpty) statements.Add(text[start..i].Trim());
                start = i + 1;
                isEmpty = true;
            }
            else if (!char.IsWhiteSpace(text[i]) && !Follows(text, i, "--") && !Follows(text, i, "/*"))
            {
                isEmpty = false;
            }

            i = end;
        }

        if (!isEmpty) statements.Add(text[start..].Trim());
        return statements;
    }

    private static bool Follows(string text, int position, string what) => string.CompareOrdinal(text, position, what, 0, what.Length) == 0;

    private static IEnumerable<SqlScript> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return new SqlScript(resource[Prefix.Length..], reader.ReadToEnd());
        }
    }

    [GeneratedRegex(
        @"^CREATE (OR REPLACE )?(?<kind>TABLE|VIEW|PROCEDURE)( IF NOT EXISTS)? (?<name>\w+)",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Created();
}
