using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Audits;

/// <summary>What must hold of a dimension's current knowledge, whichever warehouse it stands in.</summary>
internal static class DimensionAudits
{
    /// <param name="rows">All rows, those superseded included.</param>
    /// <param name="storedKeys">The surrogate key stored for each of them.</param>
    /// <param name="changes">The whole log of changes.</param>
    /// <param name="ownership">As the warehouse applies it.</param>
    public static IEnumerable<AuditResult> Run(
        IReadOnlyList<RecordedVersion> rows, IReadOnlyList<long> storedKeys, IReadOnlyList<SymbolChange> changes,
        AttributeOwnership ownership)
    {
        var versions = rows.Where(row => row.IsCurrent).Select(row => row.Version).ToArray();
        var histories = versions
            .GroupBy(version => version.Key)
            .Select(history => history.OrderBy(version => version.ValidFrom).ToArray())
            .ToArray();
        yield return UniqueCurrentVersion(histories);
        yield return MutuallyExclusiveRanges(histories);
        yield return NoHoles(histories);
        yield return NeighborsDiffer(histories);
        yield return KeyIntegrity(rows, storedKeys);
        yield return Rebuild(rows, changes, ownership);
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
            if (left.ValidTo <= right.ValidFrom) continue;
            tally.Fail($"{left.Key}: [{left.ValidFrom}, {left.ValidTo}) overlaps the version from {right.ValidFrom}");
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
            if (left.ChangeHash != right.ChangeHash) continue;
            tally.Fail($"{left.Key}: the versions from {left.ValidFrom} and {right.ValidFrom} are equal");
        }

        return tally.ToResult();
    }

    private static AuditResult KeyIntegrity(IReadOnlyList<RecordedVersion> rows, IReadOnlyList<long> storedKeys)
    {
        var tally = new AuditTally(
            "key_integrity",
            "every surrogate key is the one its exchange, ticker and valid_from give, and never means another version");
        var owners = new Dictionary<long, (NaturalKey Key, Timestamp ValidFrom)>();
        for (var i = 0; i < rows.Count; i++)
        {
            tally.Examined++;
            var version = rows[i].Version;
            var (key, identity) = (storedKeys[i], (version.Key, version.ValidFrom));
            if (key != version.SymbolKey) tally.Fail($"{version.Key} from {version.ValidFrom}: key {key}");
            if (!owners.TryAdd(key, identity) && owners[key] != identity)
            {
                tally.Fail($"key {key} stands for {owners[key]} and for {version.Key} from {version.ValidFrom}");
            }
        }

        return tally.ToResult();
    }

    private static AuditResult Rebuild(
        IReadOnlyList<RecordedVersion> rows, IReadOnlyList<SymbolChange> changes, AttributeOwnership ownership)
    {
        var tally = new AuditTally("dimension_rebuild", "folding SYMBOL_CHANGES again gives the same rows, those superseded included");
        var stored = rows.ToHashSet();
        foreach (var history in changes.GroupBy(change => change.Key))
        {
            var folded = SymbolHistory.Of(history, ownership);
            foreach (var row in folded.Superseded.Concat(folded.Current))
            {
                tally.Examined++;
                if (!stored.Remove(row)) tally.Fail($"missing: {Describe(row)}");
            }
        }

        foreach (var row in stored) tally.Fail($"not given by the log of changes: {Describe(row)}");
        return tally.ToResult();
    }

    private static string Describe(RecordedVersion row) =>
        $"{row.Version.Key} valid [{row.Version.ValidFrom}, {row.Version.ValidTo}) recorded [{row.RecordedFrom}, {row.RecordedTo})";

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
