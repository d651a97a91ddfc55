using System.Collections.Immutable;
using System.Text.Json;

namespace Crypto.Warehouse.Dimension;

/// <summary>Attributes of a change as both warehouses store them: one JSON object, a member by column.</summary>
internal static class AttributesJson
{
    public static string Format(ImmutableSortedDictionary<SymbolAttribute, string?> attributes) =>
        JsonSerializer.Serialize(attributes.ToDictionary(pair => pair.Key.Column(), pair => pair.Value, StringComparer.Ordinal));

    public static ImmutableSortedDictionary<SymbolAttribute, string?> Parse(string json)
    {
        var attributes = ImmutableSortedDictionary.CreateBuilder<SymbolAttribute, string?>();
        foreach (var (column, value) in JsonSerializer.Deserialize<Dictionary<string, string?>>(json)!)
        {
            if (SymbolAttributes.TryParse(column, out var attribute)) attributes.Add(attribute, value);
        }

        return attributes.ToImmutable();
    }
}
