using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

public enum ChangeOperation
{
    /// <summary>The symbol exists, with these attributes changed; attributes not named keep their value.</summary>
    Upsert = 1,

    /// <summary>The symbol no longer exists from the valid time on.</summary>
    Delete = 2,
}

/// <summary>
/// One change about one symbol, as a source made it: an entry of the append-only log <c>SYMBOL_CHANGES</c>, which is the truth
/// that <c>DIM_SYMBOL</c> is folded from.
/// </summary>
/// <param name="Source">Who says so.</param>
/// <param name="Sequence">Rises within a source; orders changes of one source about the same instant.</param>
/// <param name="Key">About which symbol.</param>
/// <param name="Operation">What happened.</param>
/// <param name="ValidTime">Since when it holds in the world.</param>
/// <param name="RecordedTime">When we learned it.</param>
/// <param name="Attributes">Only what the change is about; a null value says that the attribute has none.</param>
public sealed record SymbolChange(
    ChangeSource Source,
    long Sequence,
    NaturalKey Key,
    ChangeOperation Operation,
    Timestamp ValidTime,
    Timestamp RecordedTime,
    ImmutableSortedDictionary<SymbolAttribute, string?> Attributes)
{
    private string? _hash;

    // Leaves the hash behind: a copy that differs has its own.
    private SymbolChange(SymbolChange original)
    {
        (Source, Sequence, Key, Operation) = (original.Source, original.Sequence, original.Key, original.Operation);
        (ValidTime, RecordedTime, Attributes) = (original.ValidTime, original.RecordedTime, original.Attributes);
    }

    /// <summary>
    /// SHA-256 over everything but the recorded time, in hex. The same change received twice is the same change.
    /// </summary>
    public string Hash => _hash ??= ComputeHash();

    /// <summary>The total order of changes of one symbol: valid time, then source priority, then sequence, then hash.</summary>
    public static IComparer<SymbolChange> Order { get; } = Comparer<SymbolChange>.Create(Compare);

    /// <summary>Whether the change is about an attribute.</summary>
    public bool States(SymbolAttribute attribute) => Operation == ChangeOperation.Upsert && Attributes.ContainsKey(attribute);

    public bool Equals(SymbolChange? other) => other is not null && Hash == other.Hash;

    public override int GetHashCode() => Hash.GetHashCode(StringComparison.Ordinal);

    private static int Compare(SymbolChange left, SymbolChange right)
    {
        var result = left.ValidTime.CompareTo(right.ValidTime);
        if (result == 0) result = left.Source.CompareTo(right.Source);
        if (result == 0) result = left.Sequence.CompareTo(right.Sequence);
        return result != 0 ? result : string.CompareOrdinal(left.Hash, right.Hash);
    }

    private string ComputeHash()
    {
        var text = new StringBuilder();
        Field(text, Source.Name());
        Field(text, Sequence.ToString(CultureInfo.InvariantCulture));
        Field(text, Key.Exchange);
        Field(text, Key.Ticker);
        Field(text, ((int)Operation).ToString(CultureInfo.InvariantCulture));
        Field(text, ValidTime.Microseconds.ToString(CultureInfo.InvariantCulture));
        foreach (var (attribute, value) in Attributes)
        {
            Field(text, attribute.Column());
            Field(text, value);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    // Length-prefixed, and null unlike the empty text: no two lists of fields give the same bytes.
    private static void Field(StringBuilder text, string? value) =>
        text.Append(value is null ? "-" : value.Length.ToString(CultureInfo.InvariantCulture)).Append(':').Append(value);
}
