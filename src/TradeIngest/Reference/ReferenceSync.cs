using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Turns what a source says now into changes: only what differs from what the same source said before. What a source says first of
/// an attribute holds from the beginning, since nothing is known to contradict it; what it says later, from then on, unless it
/// names a time itself.
/// </summary>
internal sealed class ReferenceSync(IWarehouse warehouse, TimeProvider clock)
{
    /// <returns>What the changes did; nothing when the source said nothing new.</returns>
    public async Task<ApplyOutcome> SyncAsync(ChangeSource source, IReadOnlyList<SymbolStatement> statements, CancellationToken cancellationToken)
    {
        var said = await warehouse.ChangesAsync(source, cancellationToken);
        var known = said
            .GroupBy(change => change.Key)
            .ToDictionary(
                history => history.Key,
                history => history.Order(SymbolChange.Order).Aggregate(
                    ImmutableSortedDictionary<SymbolAttribute, string?>.Empty, (attributes, change) => attributes.SetItems(change.Attributes)));

        var sequence = said.Count == 0 ? 0 : said.Max(change => change.Sequence);
        var now = Timestamp.Now(clock);
        var changes = new List<SymbolChange>();
        foreach (var statement in statements)
        {
            var before = known.GetValueOrDefault(statement.Key) ?? ImmutableSortedDictionary<SymbolAttribute, string?>.Empty;
            var news = statement.Attributes.Where(pair => before.GetValueOrDefault(pair.Key) != pair.Value).ToList();
            foreach (var part in news.GroupBy(pair => statement.ValidFrom ?? (before.ContainsKey(pair.Key) ? now : Timestamp.Epoch)))
            {
                changes.Add(new SymbolChange(
                    source, ++sequence, statement.Key, ChangeOperation.Upsert, part.Key, now, part.ToImmutableSortedDictionary()));
            }
        }

        return await warehouse.ApplyAsync(changes, cancellationToken);
    }
}
