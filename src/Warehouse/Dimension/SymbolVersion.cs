using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>One row of the dimension: what was true of a symbol in <c>[ValidFrom, ValidTo)</c>.</summary>
public sealed record SymbolVersion(
    NaturalKey Key,
    Timestamp ValidFrom,
    Timestamp ValidTo,
    bool IsDeleted,
    bool IsInferred,
    ImmutableSortedDictionary<SymbolAttribute, string?> Attributes)
{
    private string? _changeHash;
    private long? _symbolKey;

    // A copy may differ in what the two are computed from.
    private SymbolVersion(SymbolVersion original)
    {
        (Key, ValidFrom, ValidTo, IsDeleted, IsInferred, Attributes) = original;
    }

    /// <summary>The surrogate key: a function of the natural key and <see cref="ValidFrom"/>.</summary>
    public long SymbolKey => _symbolKey ??= Dimension.SymbolKey.Of(Key, ValidFrom);

    public bool IsCurrent => ValidTo == Timestamp.EndOfTime;

    /// <summary>SHA-256 over the tracked attributes and the two flags, null-safe, in hex: equal means nothing to see changed.</summary>
    public string ChangeHash => _changeHash ??= ComputeChangeHash();

    public string? this[SymbolAttribute attribute] => Attributes.GetValueOrDefault(attribute);

    /// <summary>
    /// Whether the tracked attributes and the flags are the same: what <see cref="ChangeHash"/> tells, without computing it.
    /// </summary>
    public bool LooksLike(bool isDeleted, bool isInferred, ImmutableSortedDictionary<SymbolAttribute, string?> attributes)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        if (IsDeleted != isDeleted || IsInferred != isInferred) return false;
        if (ReferenceEquals(Attributes, attributes)) return true;
        foreach (var attribute in SymbolAttributes.All)
        {
            if (attributes.GetValueOrDefault(attribute) != this[attribute]) return false;
        }

        return true;
    }

    public bool Equals(SymbolVersion? other) =>
        other is not null && ValidFrom == other.ValidFrom && ValidTo == other.ValidTo && Key == other.Key
        && LooksLike(other.IsDeleted, other.IsInferred, other.Attributes);

    public override int GetHashCode() => HashCode.Combine(Key, ValidFrom, ValidTo);

    private string ComputeChangeHash()
    {
        var text = new StringBuilder("v1");
        text.Append(IsDeleted ? 'D' : '-').Append(IsInferred ? 'I' : '-');
        foreach (var attribute in SymbolAttributes.All)
        {
            // A missing attribute is skipped, not hashed as null: a column added later leaves older hashes as they are.
            if (Attributes.GetValueOrDefault(attribute) is not { } value) continue;
            text.Append(CultureInfo.InvariantCulture, $"|{(int)attribute}:{value.Length}:{value}");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
