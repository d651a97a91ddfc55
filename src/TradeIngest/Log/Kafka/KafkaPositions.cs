namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>Refuses positions that a topic cannot go on from, rather than jump over what is lost.</summary>
internal static class KafkaPositions
{
    private const string WayOut =
        "Once that is understood, trade-ingest run --reset goes on at the first record there is; trades it meets again are stored once.";

    /// <exception cref="LogException">The position is before the first record kept, or after the last one written.</exception>
    public static void Check(string topic, int partition, long position, OffsetRange range)
    {
        if (position < range.First)
        {
            throw new LogException(
                $"{topic}/{partition}: records from offset {position} were trimmed away by the topic's retention, the first kept is "
                + $"{range.First}. What was in between is lost to this reader: the warehouse will list it as gaps, to be filled by "
                + $"trade-ingest replay. {WayOut}");
        }

        if (position > range.Next)
        {
            throw new LogException(
                $"{topic}/{partition} ends at offset {range.Next}, before position {position}: the topic was truncated or recreated, or "
                    + $"this is another cluster. {WayOut}");
        }
    }
}
