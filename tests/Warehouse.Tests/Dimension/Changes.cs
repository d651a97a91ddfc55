using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Dimension;

/// <summary>Changes of one symbol for tests: few instants, few values, so that they meet often.</summary>
internal static class Changes
{
    public static readonly NaturalKey Key = new("BINANCE", "BTCUSDT");

    public static readonly SymbolChange Inferred = InferredMember.Change(Key, Timestamp.Epoch);

    private static readonly Timestamp[] Instants =
    [
        Timestamp.Epoch,
        Timestamp.Parse("2020-01-01T00:00:00Z"),
        Timestamp.Parse("2020-01-01T00:00:00.000001Z"),
        Timestamp.Parse("2021-06-01T00:00:00Z"),
        Timestamp.Parse("2022-01-01T00:00:00Z"),
        Timestamp.EndOfTime + TimeSpan.FromSeconds(-1),
        Timestamp.EndOfTime,
        Timestamp.EndOfTime + TimeSpan.FromHours(1),
    ];

    public static Gen<SymbolChange> Any { get; } =
        from source in Gen.Elements(ChangeSource.ExchangeInfo, ChangeSource.ReferenceFile)
        from sequence in Gen.Choose(0, 3)
        from operation in Gen.Frequency((6, Gen.Constant(ChangeOperation.Upsert)), (1, Gen.Constant(ChangeOperation.Delete)))
        from instant in Gen.Frequency((12, Gen.Choose(0, 4)), (1, Gen.Choose(5, Instants.Length - 1)))
        from attributes in Gen.ListOf(
            from attribute in Gen.Elements(SymbolAttribute.QuoteAsset, SymbolAttribute.Sector, SymbolAttribute.Status)
            from value in Gen.Elements("a", "b", "", null)
            select (attribute, value))
        select Of(source, sequence, Instants[instant], operation, [.. attributes]);

    /// <summary>One to a dozen changes, the inferred one often among them.</summary>
    public static Gen<SymbolChange[]> Some { get; } =
        from first in Any
        from others in Gen.ListOf(Any)
        from inferred in Gen.Elements(true, false)
        select (SymbolChange[])[first, .. others.Take(11), .. inferred ? new[] { Inferred } : []];

    /// <summary>Current knowledge, where every source may state everything.</summary>
    public static IReadOnlyList<SymbolVersion> Fold(IEnumerable<SymbolChange> changes) =>
        SymbolHistory.Of(changes, AttributeOwnership.Shared).Versions;

    public static SymbolChange Of(
        ChangeSource source, long sequence, Timestamp validTime, ChangeOperation operation,
        params (SymbolAttribute Attribute, string? Value)[] attributes) => new(
        source, sequence, Key, operation, validTime, validTime,
        attributes.Aggregate(
            ImmutableSortedDictionary<SymbolAttribute, string?>.Empty, (all, pair) => all.SetItem(pair.Attribute, pair.Value)));

    public static SymbolChange Sector(long sequence, string instant, string? sector, ChangeSource source = ChangeSource.ReferenceFile) =>
        Of(source, sequence, Timestamp.Parse(instant), ChangeOperation.Upsert, (SymbolAttribute.Sector, sector));
}
