using System.Collections.Immutable;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// Which sources may state which attribute. What another source says of it stays in the log of changes, is not applied, and is
/// visible as a conflict. Inferred members may state anything: they are guesses that the first real description replaces.
/// </summary>
public sealed class AttributeOwnership
{
    private readonly ImmutableDictionary<SymbolAttribute, ImmutableHashSet<ChangeSource>> _owners;

    /// <param name="owners">Attributes without an entry belong to every source.</param>
    public AttributeOwnership(IEnumerable<KeyValuePair<SymbolAttribute, IEnumerable<ChangeSource>>> owners) =>
        _owners = owners.ToImmutableDictionary(pair => pair.Key, pair => pair.Value.ToImmutableHashSet());

    /// <summary>
    /// The exchange and change streams own what the exchange knows; the reference file and change streams own sector and risk level.
    /// </summary>
    public static AttributeOwnership Default { get; } = new(SymbolAttributes.All.Select(OwnersByDefault));

    /// <summary>Every source may state everything.</summary>
    public static AttributeOwnership Shared { get; } = new([]);

    /// <summary>The same with other owners for some attributes.</summary>
    public AttributeOwnership With(IEnumerable<KeyValuePair<SymbolAttribute, IEnumerable<ChangeSource>>> owners)
    {
        ArgumentNullException.ThrowIfNull(owners);
        var replaced = owners.ToList();
        return new AttributeOwnership(replaced.Concat(_owners
            .Where(pair => !replaced.Exists(other => other.Key == pair.Key))
            .Select(pair => KeyValuePair.Create<SymbolAttribute, IEnumerable<ChangeSource>>(pair.Key, pair.Value))));
    }

    public bool Allows(ChangeSource source, SymbolAttribute attribute) =>
        source == ChangeSource.Inferred || !_owners.TryGetValue(attribute, out var owners) || owners.Contains(source);

    private static KeyValuePair<SymbolAttribute, IEnumerable<ChangeSource>> OwnersByDefault(SymbolAttribute attribute) => new(
        attribute,
        attribute is SymbolAttribute.Sector or SymbolAttribute.RiskLevel
            ? [ChangeSource.ReferenceFile, ChangeSource.ChangeDataCapture]
            : [ChangeSource.ExchangeInfo, ChangeSource.ChangeDataCapture]);
}
