using Crypto.Warehouse;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Whether a member of a group gets on: the brokers lead each of its partitions, and it is near their ends or comes nearer.
/// </summary>
/// <param name="offsets">Asks the leader of a partition.</param>
/// <param name="maxLag">Records behind the ends that are near enough.</param>
internal sealed class GroupReadiness(Func<int, OffsetRange> offsets, long maxLag)
{
    private long _lag = long.MaxValue;

    /// <param name="held">The partitions, and where each is read next.</param>
    public bool Check(IReadOnlyDictionary<int, long> held)
    {
        try
        {
            // A member beyond the number of partitions has none; that the topic is there still shows.
            if (held.Count == 0) offsets(0);
            var lag = held.Sum(partition => Math.Max(0, offsets(partition.Key).Next - partition.Value));
            var comesNearer = lag < _lag;
            _lag = lag;
            return lag <= maxLag || comesNearer;
        }
        catch (Exception failure) when (failure is StorageException or ObjectDisposedException)
        {
            // No topic, no leader, or no answer (which of them, librdkafka logs), or the log was closed meanwhile.
            return false;
        }
    }
}
