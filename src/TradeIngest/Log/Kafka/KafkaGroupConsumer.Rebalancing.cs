using Confluent.Kafka;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>What happens when partitions come and go. The client calls from inside its poll, on the consumer's own thread.</summary>
internal sealed partial class KafkaGroupConsumer
{
    private List<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        Metrics.CountRebalance();
        var numbers = partitions.Select(partition => partition.Partition.Value).ToList();
        try
        {
            if (numbers.Count > 0) _log.NotePartitions(_topic, numbers.Max() + 1);
            var positions = Wait(() => _handler.PositionsAsync(CancellationToken.None));
            foreach (var number in numbers)
            {
                var position = PositionOf(number, positions);
                KafkaPositions.Check(_topic, number, position, _log.Offsets(_topic, number));
                _runs[number] = new PartitionRun(number, position);
            }

            _hasJoined = true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Exceptions do not pass through the native frames: it is thrown after the call that led here.
            _failure = failure;
            return [.. partitions.Select(partition => new TopicPartitionOffset(partition, Offset.End))];
        }

        Metrics.Hold(_runs.Count);
        _logger.PartitionsAssigned(_topic, string.Join(", ", numbers));
        return [.. numbers.Select(number => new TopicPartitionOffset(_log.At(_topic, number), _runs[number].Position))];
    }

    private void OnRevoked(List<TopicPartitionOffset> partitions, string how)
    {
        Metrics.CountRebalance();

        // The load under way is finished, well or badly, before the group gives the partition to another member.
        if (_loadingRun is { } loading && partitions.Exists(partition => partition.Partition.Value == loading.Partition))
        {
            Ended(Timeout.InfiniteTimeSpan);
        }

        if (how == Revoked) Checkpoint();
        else _hasJoined = false;
        foreach (var partition in partitions)
        {
            if (!_runs.Remove(partition.Partition.Value, out var run)) continue;
            if (run == _loadingRun) continue;
            Metrics.CountAbandoned(run.Count);
            run.Dispose();
        }

        Metrics.Hold(_runs.Count);
        _logger.PartitionsGone(_topic, string.Join(", ", partitions.Select(partition => partition.Partition.Value)), how);
    }

    // One that was added to the topic since is read from its first record, as is one that nothing was ever loaded of.
    private long PositionOf(int partition, IReadOnlyDictionary<int, long> positions) =>
        positions.TryGetValue(partition, out var position) ? position : _log.Offsets(_topic, partition).First;

    private void Checkpoint()
    {
        try
        {
            Wait(async () =>
            {
                await _handler.CheckpointAsync();
                return true;
            });
        }
        catch (Exception failure) when (failure is Warehouse.WarehouseException or Warehouse.StorageException)
        {
            // Nothing is lost: the next owner starts where the warehouse stood before.
            _logger.ReleasedWithoutCheckpoint(_topic, failure.Message);
        }
    }

    /// <summary>
    /// The one place where a thread waits for a task: the client calls back from inside its poll, on this consumer's own thread, and knows
    /// no asynchronous callbacks.
    /// </summary>
    private static T Wait<T>(Func<Task<T>> work) => Task.Run(work).GetAwaiter().GetResult();
}
