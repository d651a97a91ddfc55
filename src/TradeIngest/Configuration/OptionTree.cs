using System.Collections.Concurrent;
using System.Reflection;

namespace Crypto.TradeIngest.Configuration;

/// <summary>
/// All options of a record and of the records it consists of, its sections. What is read, checked, shown and documented of options comes
/// from here.
/// </summary>
internal sealed class OptionTree
{
    private static readonly ConcurrentDictionary<Type, OptionTree> Trees = new();

    private readonly Dictionary<string, OptionDescriptor> _byKey;
    private readonly List<PropertyInfo[]> _sections = [[]];

    private OptionTree(Type root)
    {
        Options = [.. Walk(Activator.CreateInstance(root)!, [])];
        _byKey = Options.ToDictionary(option => option.Key, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>In the order of the properties.</summary>
    public IReadOnlyList<OptionDescriptor> Options { get; }

    public static OptionTree Of(Type root) => Trees.GetOrAdd(root, static type => new OptionTree(type));

    /// <summary>Every fault of the options as they are: values out of their ranges, and what the sections' own rules find.</summary>
    public static IEnumerable<OptionFault> FaultsOf(object root) => Of(root.GetType()).FaultsIn(root);

    /// <summary>The option of a key, or the one with keys of its own that the key is beneath.</summary>
    public OptionDescriptor? Find(string key)
    {
        if (_byKey.TryGetValue(key, out var option)) return option;
        return key.LastIndexOf(':') is var end and > 0 && _byKey.TryGetValue(key[..end], out var parent) && parent.HasKeys ? parent : null;
    }

    public bool IsSection(string key) => _sections.Exists(path => KeyOf(path).Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>The known key that is most like an unknown one; null when none is alike.</summary>
    public string? Nearest(string unknown)
    {
        var name = unknown[(unknown.LastIndexOf(':') + 1)..];
        var (nearest, distance) = Options
            .Select(option => option.HasKeys
                ? (Key: $"{option.Key}:{name}", Distance: EditDistance($"{option.Key}:{name}", unknown))
                : (option.Key, Distance: Distance(option.Key, unknown)))
            .MinBy(option => option.Distance);
        return distance <= Math.Max(2, unknown.Length / 3) ? nearest : null;
    }

    private IEnumerable<OptionDescriptor> Walk(object section, PropertyInfo[] path)
    {
        foreach (var property in section.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (!property.CanWrite || property.IsDefined(typeof(DerivedAttribute))) continue;
            PropertyInfo[] below = [.. path, property];
            var value = property.GetValue(section);
            if (!property.PropertyType.IsClass || property.PropertyType.Assembly != section.GetType().Assembly)
            {
                yield return new OptionDescriptor(below, value);
                continue;
            }

            _sections.Add(below);
            foreach (var option in Walk(value!, below)) yield return option;
        }
    }

    private IEnumerable<OptionFault> FaultsIn(object root)
    {
        foreach (var option in Options)
        {
            if (option.RangeFault(option.ValueIn(root)) is { } fault) yield return new OptionFault(option.Key, fault);
        }

        foreach (var path in _sections)
        {
            if (path.Aggregate(root, (section, property) => property.GetValue(section)!) is not IOptionRules rules) continue;
            foreach (var fault in rules.Faults()) yield return path.Length == 0 ? fault : fault.Under(KeyOf(path));
        }
    }

    private static string KeyOf(PropertyInfo[] path) => string.Join(':', path.Select(section => section.Name));

    // Of the whole key, or of its last part in another section.
    private static int Distance(string known, string unknown) =>
        Math.Min(EditDistance(known, unknown), 2 + EditDistance(known.Split(':')[^1], unknown.Split(':')[^1]));

    /// <summary>Levenshtein's: letters to insert, delete or replace.</summary>
    internal static int EditDistance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[right.Length];
    }
}
