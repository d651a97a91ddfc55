using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>What a source says of a symbol now: its attributes, and since when, where it says so.</summary>
internal sealed record SymbolAssertion(
    NaturalKey Key, ImmutableSortedDictionary<SymbolAttribute, string?> Attributes, Timestamp? ValidFrom = null);
