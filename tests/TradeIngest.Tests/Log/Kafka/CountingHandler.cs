using System.Collections.Concurrent;
using Crypto.TradeIngest.Log;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>Wants everything from the start, and notes how many records each batch had.</summary>
internal sealed class CountingHandler(int partitions, Func<ConsumedBatch, Task>? onBatch = null) : IBatchHandler
{
    public ConcurrentQueue<int> Records { get; } = new();

    public int RecordsPerBatch => 1000;

    public Task<IReadOnlyDictionary<int, long>> PositionsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<int, long>>(Enumerable.Range(0, partitions).ToDictionary(partition => partition, _ => 0L));

    public async Task<BatchCommit> HandleAsync(ConsumedBatch batch)
    {
        Records.Enqueue(batch.Records.Length);
        if (onBatch is not null) await onBatch(batch);
        return BatchCommit.Done;
    }

    public Task CheckpointAsync() => Task.CompletedTask;
}
