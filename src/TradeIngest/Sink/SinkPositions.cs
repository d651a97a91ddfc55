using System.Globalization;
using Crypto.TradeIngest.Log;
using Crypto.Warehouse;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Where a sink goes on in a topic, as the warehouse has it. After a reset the topic's epoch gets a generation (<c>#1</c>, <c>#2</c>):
/// positions of before are kept as they were, and count no more.
/// <para>
/// The epoch of a topic on a cluster ends with the topic's id, where that is known: not every client or broker tells it. A topic whose id
/// is not known on one side is taken for the same, and has the id of the other side from then on.
/// </para>
/// </summary>
/// <param name="Epoch">The epoch that positions are stored under.</param>
/// <param name="Next">First offset wanted, by partition.</param>
internal sealed record SinkPositions(string Epoch, IReadOnlyDictionary<int, long> Next)
{
    private const char Generation = '#';

    /// <param name="log">The log that is read.</param>
    /// <param name="topic">One of its topics.</param>
    /// <param name="warehouse">The warehouse that has the positions.</param>
    /// <param name="reset">Whether positions the log cannot go on from are given up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LogException">
    /// The warehouse knows the topic from another cluster or incarnation, and no reset was asked for.
    /// </exception>
    public static async Task<SinkPositions> ResumeAsync(
        ITradeLog log, string topic, IWarehouse warehouse, bool reset, CancellationToken cancellationToken)
    {
        var stored = (await warehouse.PositionsAsync(cancellationToken)).Where(position => position.Key.Topic == topic).ToList();
        var incarnation = IncarnationOf(stored, log, topic);
        var (generation, current) = CurrentOf(stored, incarnation, log.Epoch);
        if (current.Count == 0 && !reset && OtherIncarnation(stored, log) is { } other)
        {
            throw new LogException(
                $"{topic}: the warehouse stands at offsets of {other}, but this is {incarnation}: the topic was recreated, or this is "
                + "another cluster. Check Kafka:BootstrapServers. If it is meant, trade-ingest run --reset reads the topic from its first "
                + "record; trades it meets again are stored once.",
                isConfiguration: true);
        }

        var next = new Dictionary<int, long>();
        var isBroken = false;
        for (var partition = 0; partition < log.PartitionsOf(topic); partition++)
        {
            if (current.TryGetValue(partition, out var position) && !reset)
            {
                next[partition] = position;
                continue;
            }

            var range = await log.OffsetsAsync(topic, partition, cancellationToken);
            var fits = current.ContainsKey(partition) && position >= range.First && position <= range.Next;
            isBroken |= current.ContainsKey(partition) && !fits;
            next[partition] = fits ? position : range.First;
        }

        return new SinkPositions(EpochOf(incarnation, isBroken ? generation + 1 : generation), next);
    }

    /// <summary>The positions that count in one topic, by partition.</summary>
    public static IReadOnlyDictionary<int, long> Current(
        IEnumerable<KeyValuePair<LogPartition, long>> stored, ITradeLog log, string topic)
    {
        var ofTopic = stored.Where(position => position.Key.Topic == topic).ToList();
        return CurrentOf(ofTopic, IncarnationOf(ofTopic, log, topic), log.Epoch).Positions;
    }

    // Without an id of its own the topic is the one that the warehouse knows, if that is one.
    private static string IncarnationOf(List<KeyValuePair<LogPartition, long>> stored, ITradeLog log, string topic)
    {
        var incarnation = log.EpochOf(topic);
        return incarnation == log.Epoch && IdsOf(stored, log.Epoch) is [var known] ? known : incarnation;
    }

    private static (int Generation, Dictionary<int, long> Positions) CurrentOf(
        List<KeyValuePair<LogPartition, long>> stored, string incarnation, string cluster)
    {
        // Positions from before the id was known are this topic's, unless the warehouse knows another one of the name.
        var isOnlyOne = IdsOf(stored, cluster).TrueForAll(id => id == incarnation);
        var known = stored.Where(position => Incarnation(position.Key.Epoch) is var other
            && (other == incarnation || (isOnlyOne && other == cluster))).ToList();
        var generation = known.Count == 0 ? 0 : known.Max(position => GenerationOf(position.Key.Epoch));
        var positions = new Dictionary<int, long>();
        foreach (var (partition, position) in known.Where(position => GenerationOf(position.Key.Epoch) == generation))
        {
            // Of the two a partition may have, the one with the id is the later.
            if (Incarnation(partition.Epoch) == incarnation) positions[partition.Partition] = position;
            else positions.TryAdd(partition.Partition, position);
        }

        return (generation, positions);
    }

    private static List<string> IdsOf(List<KeyValuePair<LogPartition, long>> stored, string cluster) =>
    [
        .. stored.Select(position => Incarnation(position.Key.Epoch)).Where(
            epoch => epoch.StartsWith(cluster + "/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal),
    ];

    private static string EpochOf(string incarnation, int generation) =>
        generation == 0 ? incarnation : incarnation + Generation + generation.ToString(CultureInfo.InvariantCulture);

    private static string Incarnation(string epoch) => epoch.LastIndexOf(Generation) is var at and >= 0 ? epoch[..at] : epoch;

    private static int GenerationOf(string epoch) =>
        epoch.LastIndexOf(Generation) is var at and >= 0
            && int.TryParse(epoch.AsSpan(at + 1), CultureInfo.InvariantCulture, out var generation) ? generation : 0;

    // A warehouse may move from one kind of log to another; what it must not do unasked is mistake one topic for another.
    private static string? OtherIncarnation(List<KeyValuePair<LogPartition, long>> stored, ITradeLog log)
    {
        var kind = log.Epoch.Split(':', 2);
        return kind.Length < 2 ? null
            : stored.Select(position => position.Key.Epoch)
                .FirstOrDefault(epoch => epoch.StartsWith(kind[0] + ":", StringComparison.Ordinal));
    }
}
