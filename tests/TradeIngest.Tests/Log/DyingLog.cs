using Crypto.TradeIngest.Log;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Tests.Log;

/// <summary>A log whose process dies before one of its appends: nothing more gets through.</summary>
/// <param name="onAppend">Told each append that gets through, before it does.</param>
internal sealed class DyingLog(ITradeLog log, int appends, Action? onAppend = null) : ITradeLog
{
    private int _left = appends;

    public string Epoch => log.Epoch;

    public int Partitions => log.Partitions;

    public ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken)
    {
        if (records.Count == 0) return ValueTask.CompletedTask;
        if (_left-- <= 0) throw new StorageException(StorageFault.Failed, "dead");
        onAppend?.Invoke();
        return log.AppendAsync(topic, records, cancellationToken);
    }

    public ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions) => log.OpenReader(topic, positions);

    public ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken) =>
        log.OffsetsAsync(topic, partition, cancellationToken);

    public ValueTask<long> TrimAsync(string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken) =>
        log.TrimAsync(topic, partition, keepFrom, policy, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
