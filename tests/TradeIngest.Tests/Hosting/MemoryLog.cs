using Crypto.TradeIngest.Log;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Tests.Hosting;

/// <summary>A trade log of another make, in memory: what it takes to add one.</summary>
internal sealed class MemoryLog : ITradeLog
{
    private readonly Dictionary<string, List<RawRecord>> _topics = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private TaskCompletionSource _appended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Epoch => "memory:1";

    public int Partitions => 1;

    public ValueTask AppendAsync(string topic, RecordBatch records, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var stored = Of(topic);
            for (var i = 0; i < records.Count; i++)
            {
                stored.Add(new RawRecord(stored.Count, Timestamp.Now(TimeProvider.System), records.Value(i).ToArray()));
            }

            _appended.SetResult();
            _appended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return ValueTask.CompletedTask;
    }

    public ILogReader OpenReader(string topic, IReadOnlyDictionary<int, long> positions) => new Reader(this, topic, positions[0]);

    public ValueTask<OffsetRange> OffsetsAsync(string topic, int partition, CancellationToken cancellationToken)
    {
        lock (_gate) return new ValueTask<OffsetRange>(new OffsetRange(0, Of(topic).Count));
    }

    public ValueTask<long> TrimAsync(string topic, int partition, long keepFrom, TrimPolicy policy, CancellationToken cancellationToken) =>
        new(0L);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private List<RawRecord> Of(string topic)
    {
        if (!_topics.TryGetValue(topic, out var records)) _topics.Add(topic, records = []);
        return records;
    }

    private sealed class Reader(MemoryLog log, string topic, long position) : ILogReader
    {
        private long _position = position;

        public async ValueTask<ConsumedBatch> ReadAsync(int maxRecords, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task appended;
                lock (log._gate) appended = log._appended.Task;
                if (TryRead(maxRecords) is { } slice) return slice;
                await appended.WaitAsync(cancellationToken);
            }
        }

        public ConsumedBatch? TryRead(int maxRecords)
        {
            lock (log._gate)
            {
                var records = log.Of(topic).Skip((int)_position).Take(maxRecords).ToArray();
                if (records.Length == 0) return null;
                var slice = new ConsumedBatch(0, _position, _position + records.Length, records);
                _position = slice.NextOffset;
                return slice;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
