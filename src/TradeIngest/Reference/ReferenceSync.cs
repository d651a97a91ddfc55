using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Turns what a source says now into changes: only what differs from what the same source said before of the same time. What a
/// source says first of an attribute holds from the beginning, since nothing is known to contradict it; what it says later, from
/// then on, unless it names a time itself. An undated statement beside dated ones is about the time before the first of them.
/// </summary>
internal sealed class ReferenceSync(ISymbolChangeLog changeLog, TimeProvider clock)
{
    /// <param name="listed">
    /// Where the source gives a complete list: all keys on it. A symbol it described before and does not list any more is deleted;
    /// one that is listed again is described anew.
    /// </param>
    /// <returns>What the changes did; nothing when the source said nothing new.</returns>
    public async Task<ApplyOutcome> SyncAsync(
        ChangeSource source, IReadOnlyList<SymbolStatement> statements, CancellationToken cancellationToken,
        IReadOnlySet<NaturalKey>? listed = null)
    {
        var said = await changeLog.ChangesAsync(source, cancellationToken);
        var histories = said.ToLookup(change => change.Key);
        var sequence = said.Count == 0 ? 0 : said.Max(change => change.Sequence);
        var now = Timestamp.Now(clock);
        var changes = new List<SymbolChange>();
        foreach (var symbol in statements.GroupBy(statement => statement.Key))
        {
            var history = new SortedSet<SymbolChange>(histories[symbol.Key], SymbolChange.Order);
            var firstDated = symbol.Min(statement => statement.ValidFrom) ?? Timestamp.EndOfTime;
            foreach (var statement in symbol.OrderBy(statement => statement.ValidFrom))
            {
                foreach (var (validTime, attributes) in News(statement, history, firstDated, now))
                {
                    var change = new SymbolChange(source, ++sequence, statement.Key, ChangeOperation.Upsert, validTime, now, attributes);
                    history.Add(change);
                    changes.Add(change);
                }
            }
        }

        foreach (var history in histories.Where(history => listed is not null && !listed.Contains(history.Key) && !IsDeleted(history)))
        {
            var attributes = ImmutableSortedDictionary<SymbolAttribute, string?>.Empty;
            changes.Add(new SymbolChange(source, ++sequence, history.Key, ChangeOperation.Delete, now, now, attributes));
        }

        return await changeLog.ApplyAsync(changes, cancellationToken);
    }

    /// <summary>The symbols that a source has ever spoken of.</summary>
    public async Task<IReadOnlySet<NaturalKey>> DescribedAsync(ChangeSource source, CancellationToken cancellationToken) =>
        (await changeLog.ChangesAsync(source, cancellationToken)).Select(change => change.Key).ToHashSet();

    private static bool IsDeleted(IEnumerable<SymbolChange> history) =>
        history.Max(SymbolChange.Order)?.Operation == ChangeOperation.Delete;

    /// <summary>The attributes of which the statement says something new, by the time from which it holds.</summary>
    private static List<(Timestamp ValidTime, ImmutableSortedDictionary<SymbolAttribute, string?> Attributes)> News(
        SymbolStatement statement, IEnumerable<SymbolChange> history, Timestamp firstDated, Timestamp now)
    {
        if (statement.ValidFrom is null && IsDeleted(history)) return [(now, statement.Attributes)];

        // Of an undated statement's own time: what was said to hold later stays.
        var isBeforeDated = now < firstDated;
        var known = new Dictionary<SymbolAttribute, (string? Value, Timestamp Since)>();
        foreach (var change in history)
        {
            var isKnown = statement.ValidFrom is { } at ? change.ValidTime <= at
                : isBeforeDated ? change.ValidTime <= now
                : change.ValidTime < firstDated;
            if (!isKnown) continue;
            foreach (var (attribute, value) in change.Attributes) known[attribute] = (value, change.ValidTime);
        }

        return [.. statement.Attributes
            .Where(pair => known.GetValueOrDefault(pair.Key).Value != pair.Value)
            .GroupBy(pair => statement.ValidFrom ?? Since(pair.Key))
            .Select(part => (part.Key, part.ToImmutableSortedDictionary()))];

        // Where a dated statement holds already, an undated one that differs corrects what held before.
        Timestamp Since(SymbolAttribute attribute) =>
            !known.TryGetValue(attribute, out var before) ? Timestamp.Epoch : isBeforeDated ? now : before.Since;
    }
}
