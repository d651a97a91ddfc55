using System.Text;
using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Configuration;

/// <summary>An option as it is shown, without secrets.</summary>
/// <param name="Source">Where the value was given; <c>default</c> where nowhere.</param>
/// <param name="Environment">The environment variable that sets it.</param>
/// <param name="Range">The values it takes; empty where anything goes.</param>
internal sealed record OptionRow(
    string Key, string Value, string Default, string Source, string Environment, string Range, string Description);

/// <summary>The table of all options.</summary>
internal static class OptionTable
{
    /// <summary>A row for each option, and one for each key that the operator chose beneath one.</summary>
    public static IEnumerable<OptionRow> Rows<T>(ConfiguredOptions<T> configured)
        where T : class, new()
    {
        foreach (var option in OptionTree.Of(typeof(T)).Options)
        {
            var below = option.HasKeys
                ? configured.Origins.Values
                    .Where(given => given.Key.StartsWith(option.Key + ":", StringComparison.OrdinalIgnoreCase)).ToList()
                : [];
            foreach (var given in below.OrderBy(given => given.Key, StringComparer.Ordinal))
            {
                var text = Secrets.IsSecretName(given.Key) ? Secrets.Masked : given.Text!;
                yield return Row(option, given.Key, text, given.Source);
            }

            if (below.Count > 0) continue;
            var source = configured.Origins.TryGetValue(option.Key, out var origin) ? origin.Source : "default";
            yield return Row(option, option.Key, option.HasKeys ? "" : option.Format(option.ValueIn(configured.Options)), source);
        }
    }

    /// <summary>The README's table: every option with its default.</summary>
    public static string Markdown(Type root)
    {
        var table = new StringBuilder("| option | default | values | meaning |\n|---|---|---|---|\n");
        foreach (var option in OptionTree.Of(root).Options)
        {
            table.Append($"| `{option.Key}` | {Code(option.Default)} | {option.Range} | {option.Description} |\n");
        }

        return table.ToString();

        static string Code(string text) => text.Length == 0 ? "" : $"`{text}`";
    }

    private static OptionRow Row(OptionDescriptor option, string key, string value, string source) => new(
        key, Secrets.Mask(value), option.Default, source, OptionDescriptor.EnvironmentVariableOf(key), option.Range, option.Description);
}
