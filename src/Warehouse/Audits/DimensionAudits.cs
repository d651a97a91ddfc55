using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Audits;

/// <summary>What must hold of a dimension's current knowledge, whichever warehouse it stands in.</summary>
internal static class DimensionAudits
{
    /// <param name="versions">All rows of current knowledge.</param>
    /// <param name="storedKeys">The surrogate key stored for each of them.</param>
    /// <param name="changes">The whole log of changes.</param>
    public static IEnumerable<AuditResult> Run(
        IReadOnlyList<SymbolVersion> versions, IReadOnlyList<long> storedKeys, IReadOnlyList<SymbolChange> changes)
    {
        var histories = versions.GroupBy(version => version.Key).Select(history => history.OrderBy(version => version.ValidFrom).ToArray()).ToArray();
        yield return UniqueCurrentVersion(histories);
        yield return MutuallyExclusiveRanges(histories);
        yield return NoHoles(histories);
        yield return NeighborsDiffer(histories);
        yield return KeyIntegrity(versions, storedKeys);
        yield return Rebuild(histories, changes);
    }

    private static AuditResult UniqueCurrentVersion(SymbolVersion[][] histories)
    {
        var tally = new AuditTally("unique_current_version", "every symbol has exactly one current version");
        foreach (var history in histories)
        {
            tally.Examined++;
            var current = history.Count(version => version.IsCurrent);
            if (current != 1) tally.Fail($"{history[0].Key} has {current} current versions");
        }

        return tally.ToResult();
    }

    private static AuditResult MutuallyExclusiveRanges(SymbolVersion[][] histories)
    {
        var tally = new AuditTally("mutually_exclusive_ranges", "no two versions of a symbol are valid at the same time");
        foreach (var (left, right) in Neighbors(histories, tally))
        {
            if (left.ValidTo > right.ValidFrom) tally.Fail($"{left.Key}: [{left.ValidFrom}, {left.ValidTo}) overlaps the version from {right.ValidFrom}");
        }

        return tally.ToResult();
    }

    private static AuditResult NoHoles(SymbolVersion[][] histories)
    {
        var tally = new AuditTally("no_holes", "the versions of a symbol cover all of time, from 1970 on");
        foreach (var (left, right) in Neighbors(histories, tally))
        {
            if (left.ValidTo < right.ValidFrom) tally.Fail($"{left.Key}: nothing is valid in [{left.ValidTo}, {right.ValidFrom})");
        }

        foreach (var history in histories)
        {
            tally.Examined++;
            if (history[0].ValidFrom != Timestamp.Epoch) tally.Fail($"{history[0].Key} starts at {history[0].ValidFrom}");
        }

        return tally.ToResult();
    }

    private static AuditResult NeighborsDiffer(SymbolVersion[][] histories)
    {
        var tally = new AuditTally("neighbors_differ", "a version differs from the one before it");
        foreach (var (left, right) in Neighbors(histories, tally))
        {
            if (left.ChangeHash == right.ChangeHash) tally.Fail($"{left.Key}: the versions from {left.ValidFrom} and {right.ValidFrom} are equal");
        }

        return tally.ToResult();
    }

    private static AuditResult KeyIntegrity(IReadOnlyList<SymbolVersion> versions, IReadOnlyList<long> storedKeys)
    {
        var tally = new AuditTally("key_integrity", "every surrogate key is the one its exchange, ticker and valid_from give, and is used once");
        var seen = new HashSet<long>();
        for (var i = 0; i < versions.Count; i++)
        {
            tally.Examined++;
            if (storedKeys[i] != versions[i].SymbolKey) tally.Fail($"{versions[i].Key} from {versions[i].ValidFrom}: key {storedKeys[i]}");
            if (!seen.Add(storedKeys[i])) tally.Fail($"key {storedKeys[i]} is used twice");
        }

        return tally.ToResult();
    }

    private static AuditResult Rebuild(SymbolVersion[][] histories, IReadOnlyList<SymbolChange> changes)
    {
        var tally = new AuditTally("dimension_rebuild", "folding SYMBOL_CHANGES again gives the same versions");
        var stored = histories.ToDictionary(history => history[0].Key);
        foreach (var history in changes.GroupBy(change => change.Key))
        {
            tally.Examined++;
            var expected = DimensionFold.Fold(history);
            if (!stored.Remove(history.Key, out var actual) || !expected.SequenceEqual(actual))
            {
                tally.Fail($"{history.Key}: {expected.Count} versions by the log, {actual?.Length ?? 0} stored or different");
            }
        }

        foreach (var key in stored.Keys) tally.Fail($"{key} stands in the dimension without any change in the log");
        return tally.ToResult();
    }

    private static IEnumerable<(SymbolVersion Left, SymbolVersion Right)> Neighbors(SymbolVersion[][] histories, AuditTally tally)
    {
        foreach (var history in histories)
        {
            for (var i = 1; i < history.Length; i++)
            {
                tally.Examined++;
                yield return (history[i - 1], history[i]);
            }
        }
    }
}
