namespace Crypto.TradeIngest.Configuration;

/// <summary>Options as the operator's texts make them.</summary>
/// <param name="Origins">Where each key that is not at its default was given, by key.</param>
/// <param name="Faults">Every one; the options keep their defaults where a text cannot be read.</param>
internal sealed record ConfiguredOptions<T>(T Options, IReadOnlyDictionary<string, GivenText> Origins, IReadOnlyList<string> Faults)
    where T : class, new()
{
    public static ConfiguredOptions<T> Of(IEnumerable<GivenText> given)
    {
        var (tree, options) = (OptionTree.Of(typeof(T)), new T());
        var origins = new Dictionary<string, GivenText>(StringComparer.OrdinalIgnoreCase);
        var keys = new Dictionary<OptionDescriptor, Dictionary<string, string?>>();
        List<string> faults = [];
        foreach (var text in given)
        {
            if (tree.Find(text.Key) is null && (text.Text is not null || !tree.IsSection(text.Key))) faults.Add(UnknownKey(tree, text));
            else if (text.Text is not null && !origins.TryAdd(text.Key, text))
            {
                if (IsSameVariable(origins[text.Key], text)) faults.Add(
                    $"{text.Source} and {origins[text.Key].Source} set the same option; remove one");
                origins[text.Key] = text;
            }
        }

        foreach (var (key, text) in origins)
        {
            var option = tree.Find(key)!;
            if (option.HasKeys && !key.Equals(option.Key, StringComparison.OrdinalIgnoreCase))
            {
                if (!keys.TryGetValue(option, out var below)) keys[option] = below = new(StringComparer.OrdinalIgnoreCase);
                below[key[(option.Key.Length + 1)..]] = text.Text;
            }
            else if (option.TryRead(text.Text!, out var value) is { } fault)
            {
                faults.Add($"{new OptionFault(option.Key, fault)}{From(text)}");
            }
            else option.Set(options, value);
        }

        foreach (var (option, below) in keys) option.Set(options, below);
        faults.AddRange(
            OptionTree.FaultsOf(options).Select(fault => $"{fault}{(origins.TryGetValue(fault.Key, out var origin) ? From(origin) : "")}"));
        return new ConfiguredOptions<T>(options, origins, faults);
    }

    private static string From(GivenText text) => $" (from {text.Source})";

    // On systems where the names of variables differ by case.
    private static bool IsSameVariable(GivenText one, GivenText other) => one.Written == one.Source && other.Written == other.Source
        && one.Source != other.Source && one.Source.Equals(other.Source, StringComparison.OrdinalIgnoreCase);

    private static string UnknownKey(OptionTree tree, GivenText given)
    {
        if (tree.IsSection(given.Key)) return $"{given.Written}: {given.Key} is a section and takes no value by itself";
        if (given.Key.LastIndexOf(':') is var end and > 0 && tree.Find(given.Key[..end]) is { HasKeys: false } single)
        {
            return $"{given.Written}: {single.Key} takes one value, none beneath it";
        }

        var nearest = tree.Nearest(given.Key);
        var isVariable = given.Source == given.Written && given.Source != ConfigurationSources.CommandLine;
        return nearest is null
            ? $"{given.Written}: there is no such option; trade-ingest config show lists them all"
            : $"{given.Written}: there is no such option; did you mean "
                + $"{(isVariable ? OptionDescriptor.EnvironmentVariableOf(nearest) : nearest)}?";
    }
}
