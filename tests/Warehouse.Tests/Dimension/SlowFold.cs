using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Tests.Dimension;

/// <summary>
/// The history by its definition: what was true at an instant is found by going through all changes again, instant by instant.
/// </summary>
internal static class SlowFold
{
    public static List<(Timestamp From, Timestamp To, string State)> Fold(IReadOnlyCollection<SymbolChange> changes)
    {
        var instants = changes
            .Select(change => change.ValidTime)
            .Append(Timestamp.Epoch)
            .Where(instant => instant >= Timestamp.Epoch && instant < Timestamp.EndOfTime)
            .Distinct()
            .Order()
            .ToList();

        var history = new List<(Timestamp From, Timestamp To, string State)>();
        foreach (var instant in instants)
        {
            var state = StateAt(instant, changes);
            if (history.Count > 0 && history[^1].State == state) continue;
            if (history.Count > 0) history[^1] = history[^1] with { To = instant };
            history.Add((instant, Timestamp.EndOfTime, state));
        }

        return history;
    }

    public static string StateOf(SymbolVersion version) => Text(version.IsDeleted, version.IsInferred, attribute => version[attribute]);

    private static string StateAt(Timestamp instant, IReadOnlyCollection<SymbolChange> changes)
    {
        // What was described first holds before its own time, too.
        var described = changes.Where(change => change.Source != ChangeSource.Inferred).ToList();
        var firstDescribed = described.Count == 0 ? Timestamp.Epoch : described.Min(change => change.ValidTime);
        var known = changes.Where(change => change.ValidTime <= instant || change.ValidTime == firstDescribed).ToList();
        return Text(
            Latest(known)?.Operation == ChangeOperation.Delete,
            known.TrueForAll(change => change.Source == ChangeSource.Inferred),
            attribute => Latest(known.Where(change => change.Operation == ChangeOperation.Upsert && change.Attributes.ContainsKey(attribute)))?.Attributes[attribute]);
    }

    private static SymbolChange? Latest(IEnumerable<SymbolChange> changes) => changes
        .OrderBy(change => change.ValidTime.Microseconds)
        .ThenBy(change => (int)change.Source)
        .ThenBy(change => change.Sequence)
        .ThenBy(change => change.Hash, StringComparer.Ordinal)
        .LastOrDefault();

    private static string Text(bool isDeleted, bool isInferred, Func<SymbolAttribute, string?> valueOf) =>
        $"deleted {isDeleted}, inferred {isInferred}, " + string.Join(", ", SymbolAttributes.All.Select(attribute => $"{attribute} {valueOf(attribute) ?? "none"}"));
}
