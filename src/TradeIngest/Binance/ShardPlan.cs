namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Which connection is to have which streams: what one has stays there, what is new goes to where there is most room and else to new
/// connections, and one that is nearly empty is merged into the others. A pure function of what there is and what is wanted.
/// </summary>
/// <param name="Sets">The streams of each connection that there is.</param>
/// <param name="Added">Those of connections to add.</param>
/// <param name="Merged">The index of the connection whose streams others have too, to be closed once they do; null for none.</param>
internal sealed record ShardPlan(IReadOnlyList<HashSet<string>> Sets, IReadOnlyList<HashSet<string>> Added, int? Merged)
{
    /// <summary>A connection with fewer than one of so many of its streams is worth closing.</summary>
    private const int NearlyEmpty = 8;

    /// <param name="current">The streams of each connection.</param>
    /// <param name="wanted">Each once.</param>
    /// <param name="most">Streams that a connection may have.</param>
    public static ShardPlan Of(IReadOnlyList<IReadOnlySet<string>> current, IReadOnlyCollection<string> wanted, int most)
    {
        var open = new HashSet<string>(wanted, StringComparer.Ordinal);
        var sets = new List<HashSet<string>>();
        foreach (var streams in current)
        {
            sets.Add([.. streams.Where(open.Contains)]);
            open.ExceptWith(streams);
        }

        // In the order given, so that equal parts are the same in each run.
        List<string> rest = [.. wanted.Where(open.Remove)];
        var placed = Place(sets, rest, most);
        List<HashSet<string>> added = [.. Split(rest[placed..], most)];
        return new ShardPlan(sets, added, added.Count == 0 ? Merge(sets, most) : null);
    }

    /// <summary>Cuts the streams into equal parts of at most <paramref name="most"/>.</summary>
    internal static IEnumerable<HashSet<string>> Split(IReadOnlyList<string> streams, int most)
    {
        var parts = (streams.Count + most - 1) / most;
        for (var i = 0; i < parts; i++)
        {
            var from = (int)((long)streams.Count * i / parts);
            var to = (int)((long)streams.Count * (i + 1) / parts);
            yield return new HashSet<string>(streams.Skip(from).Take(to - from), StringComparer.Ordinal);
        }
    }

    /// <returns>How many found room.</returns>
    private static int Place(List<HashSet<string>> sets, List<string> streams, int most)
    {
        var placed = 0;
        while (placed < streams.Count && sets.MinBy(set => set.Count) is { } roomiest && roomiest.Count < most)
        {
            roomiest.Add(streams[placed++]);
        }

        return placed;
    }

    private static int? Merge(List<HashSet<string>> sets, int most)
    {
        if (sets.Count == 0) return null;
        var smallest = sets.Index().MinBy(set => set.Item.Count);
        if (smallest.Item.Count == 0) return smallest.Index;
        List<HashSet<string>> others = [.. sets.Where(set => set != smallest.Item)];
        var isNearlyEmpty = smallest.Item.Count * NearlyEmpty < most;
        if (!isNearlyEmpty || others.Sum(set => most - set.Count) < smallest.Item.Count) return null;
        Place(others, [.. smallest.Item], most);
        return smallest.Index;
    }
}
