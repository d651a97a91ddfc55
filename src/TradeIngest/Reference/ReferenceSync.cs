using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Turns what a source says now into changes: only what differs from what the same source said before. What a source says first of
/// an attribute holds from the beginning, since nothing is known to contradict it; what it says later, from then on. A statement
/// that names its own time holds from that time, and is said once.
/// </summary>
internal sealed class ReferenceSync(IWarehouse warehouse, TimeProvider clock)
{
    /// <param name="listed">
    /// Where the source gives a complete list: all keys on it. A symbol it described before and does not list any more is deleted.
    /// </param>
    /// <returns>What the changes did; nothing when the source said nothing new.</returns>
    public async Task<ApplyOutcome> SyncAsync(
        ChangeSource source, IReadOnlyList<SymbolStatement> statements, CancellationToken cancellationToken, IReadOnlySet<NaturalKey>? listed = null)
    {
        var said = await warehouse.ChangesAsync(source, cancellationToken);
        var sayings = said.GroupBy(change => change.Key).ToDictionary(history => history.Key, history => new Sayings(history));
        var sequence = said.Count == 0 ? 0 : said.Max(change => change.Sequence);
        var now = Timestamp.Now(clock);
        var changes = new List<SymbolChange>();

        // Statements that name their time first: an undated one is about how things stand after all of them.
        foreach (var statement in statements.OrderBy(statement => statement.ValidFrom is null))
        {
            if (!sayings.TryGetValue(statement.Key, out var known)) sayings.Add(statement.Key, known = new Sayings([]));
            foreach (var (validTime, attributes) in News(statement, known, now))
            {
                Add(statement.Key, ChangeOperation.Upsert, validTime, attributes);
            }
        }

        foreach (var (key, known) in sayings.Where(pair => listed is not null && !listed.Contains(pair.Key) && !pair.Value.IsDeleted))
        {
            Add(key, ChangeOperation.Delete, now, ImmutableSortedDictionary<SymbolAttribute, string?>.Empty);
        }

        return await warehouse.ApplyAsync(changes, cancellationToken);

        void Add(NaturalKey key, ChangeOperation operation, Timestamp validTime, ImmutableSortedDictionary<SymbolAttribute, string?> attributes)
        {
            var change = new SymbolChange(source, ++sequence, key, operation, validTime, now, attributes);
            sayings[key].Add(change);
            changes.Add(change);
        }
    }

    private static IEnumerable<(Timestamp ValidTime, ImmutableSortedDictionary<SymbolAttribute, string?> Attributes)> News(
        SymbolStatement statement, Sayings known, Timestamp now)
    {
        if (statement.ValidFrom is { } validFrom)
        {
            var there = known.At(validFrom);
            var news = statement.Attributes.Where(pair => !there.TryGetValue(pair.Key, out var value) || value != pair.Value).ToImmutableSortedDictionary();
            if (news.Count > 0) yield return (validFrom, news);
        }
        else if (known.IsDeleted)
        {
            // Listed again: everything is said anew.
            yield return (now, statement.Attributes);
        }
        else
        {
            var news = statement.Attributes.Where(pair => known.Latest.GetValueOrDefault(pair.Key) != pair.Value).ToList();
            foreach (var part in news.GroupBy(pair => known.Latest.ContainsKey(pair.Key) ? now : Timestamp.Epoch).ToList())
            {
                yield return (part.Key, part.ToImmutableSortedDictionary());
            }
        }
    }

    /// <summary>What one source said of one symbol.</summary>
    private sealed class Sayings(IEnumerable<SymbolChange> changes)
    {
        private readonly SortedSet<SymbolChange> _changes = new(changes, SymbolChange.Order);

        public ImmutableSortedDictionary<SymbolAttribute, string?> Latest => Merge(_changes);

        public bool IsDeleted => _changes.Max?.Operation == ChangeOperation.Delete;

        public ImmutableSortedDictionary<SymbolAttribute, string?> At(Timestamp validTime) => Merge(_changes.Where(change => change.ValidTime == validTime));

        public void Add(SymbolChange change) => _changes.Add(change);

        private static ImmutableSortedDictionary<SymbolAttribute, string?> Merge(IEnumerable<SymbolChange> changes) => changes.Aggregate(
            ImmutableSortedDictionary<SymbolAttribute, string?>.Empty, (attributes, change) => attributes.SetItems(change.Attributes));
    }
}
