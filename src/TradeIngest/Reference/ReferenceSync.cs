using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Turns what a source says now into changes: only what differs from what the same source said before of the same time. What a
/// source says first of an attribute holds from the beginning, since nothing is known to contradict it; what it says later, from
/// then on, unless it names a time itself. An undated assertion beside dated ones is about the time before the first of them.
/// </summary>
internal sealed class ReferenceSync(ISymbolChangeLog changeLog, TimeProvider clock)
{
    /// <param name="listed">
    /// Where the source gives a complete list: all keys on it. A symbol it described before and does not list any more is deleted;
    /// one that is listed again is described anew.
    /// </param>
    /// <returns>What the changes did; nothing when the source said nothing new.</returns>
    public async Task<ApplyOutcome> SyncAsync(
        ChangeSource source, IReadOnlyList<SymbolAssertion> assertions, CancellationToken cancellationToken,
        IReadOnlySet<NaturalKey>? listed = null)
    {
        var said = await changeLog.ChangesAsync(source, cancellationToken);
        var histories = said.ToLookup(change => change.Key);
        var sequence = said.Count == 0 ? 0 : said.Max(change => change.Sequence);
        var now = Timestamp.Now(clock);
        var changes = new List<SymbolChange>();
        foreach (var symbol in assertions.GroupBy(assertion => assertion.Key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var history = histories[symbol.Key].Order(SymbolChange.Order).ToList();
            var firstDated = symbol.Min(assertion => assertion.ValidFrom) ?? Timestamp.EndOfTime;
            foreach (var assertion in symbol.Where(assertion => assertion.ValidFrom is null))
            {
                foreach (var (validTime, attributes) in UndatedNews(assertion, history, firstDated, now))
                {
                    var change = Say(validTime, attributes);
                    history.Insert(~history.BinarySearch(change, SymbolChange.Order), change);
                }
            }

            // In order of time, so that what was said up to each is only added to.
            var (known, next) = (new KnownAttributes(), 0);
            foreach (var assertion in symbol.Where(assertion => assertion.ValidFrom is not null).OrderBy(assertion => assertion.ValidFrom))
            {
                var validFrom = assertion.ValidFrom!.Value;
                while (next < history.Count && history[next].ValidTime <= validFrom) known.Learn(history[next++]);
                if (known.News(assertion.Attributes) is { IsEmpty: false } news) known.Learn(Say(validFrom, news));
            }

            SymbolChange Say(Timestamp validTime, ImmutableSortedDictionary<SymbolAttribute, string?> attributes)
            {
                var change = new SymbolChange(source, ++sequence, symbol.Key, ChangeOperation.Upsert, validTime, now, attributes);
                changes.Add(change);
                return change;
            }
        }

        foreach (var history in histories.Where(history => listed is not null && !listed.Contains(history.Key) && !IsDeleted(history)))
        {
            var attributes = ImmutableSortedDictionary<SymbolAttribute, string?>.Empty;
            changes.Add(new SymbolChange(source, ++sequence, history.Key, ChangeOperation.Delete, now, now, attributes));
        }

        return await changeLog.ApplyAsync(changes, cancellationToken);
    }

    /// <summary>The symbols that a source has ever spoken of, and whether they are there, as far as it said.</summary>
    public async Task<IReadOnlyDictionary<NaturalKey, bool>> DescribedAsync(ChangeSource source, CancellationToken cancellationToken) =>
        (await changeLog.ChangesAsync(source, cancellationToken))
            .GroupBy(change => change.Key)
            .ToDictionary(history => history.Key, history => !IsDeleted(history));

    private static bool IsDeleted(IEnumerable<SymbolChange> history) =>
        history.Max(SymbolChange.Order)?.Operation == ChangeOperation.Delete;

    /// <summary>The attributes of which an undated assertion says something new, by the time from which it holds.</summary>
    /// <param name="history">What the source said of the symbol, in order.</param>
    private static List<(Timestamp ValidTime, ImmutableSortedDictionary<SymbolAttribute, string?> Attributes)> UndatedNews(
        SymbolAssertion assertion, List<SymbolChange> history, Timestamp firstDated, Timestamp now)
    {
        if (IsDeleted(history)) return [(now, assertion.Attributes)];

        // Of the assertion's own time: what was said to hold later stays.
        var isBeforeDated = now < firstDated;
        var known = new KnownAttributes();
        foreach (var change in history.Where(change => isBeforeDated ? change.ValidTime <= now : change.ValidTime < firstDated))
        {
            known.Learn(change);
        }

        // Where a dated assertion holds already, an undated one that differs corrects what held before.
        return [.. known.News(assertion.Attributes)
            .GroupBy(pair => known.Since(pair.Key) is not { } since ? Timestamp.Epoch : isBeforeDated ? now : since)
            .Select(part => (part.Key, part.ToImmutableSortedDictionary()))];
    }

    /// <summary>What a source asserted of a symbol's attributes last, in order of time.</summary>
    private sealed class KnownAttributes
    {
        private readonly Dictionary<SymbolAttribute, (string? Value, Timestamp Since)> _values = [];

        public void Learn(SymbolChange change)
        {
            foreach (var (attribute, value) in change.Attributes) _values[attribute] = (value, change.ValidTime);
        }

        public Timestamp? Since(SymbolAttribute attribute) => _values.TryGetValue(attribute, out var known) ? known.Since : null;

        /// <summary>Those that differ.</summary>
        public ImmutableSortedDictionary<SymbolAttribute, string?> News(ImmutableSortedDictionary<SymbolAttribute, string?> attributes) =>
            attributes.RemoveRange(
                attributes.Where(pair => _values.GetValueOrDefault(pair.Key).Value == pair.Value).Select(pair => pair.Key));
    }
}
