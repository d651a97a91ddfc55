using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// Loads whose rows were accepted and are not all in the tables yet, oldest first. Their commits are looked after in the background; a
/// failure there ends all of them, and is thrown by the next call. Thread-safe.
/// </summary>
/// <param name="mostRecords">Records that may be on the way at once, unless one load has more.</param>
internal sealed class UncommittedLoads(int mostRecords) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<Load> _loads = new();
    private readonly Dictionary<LogPartition, long> _accepted = [];
    private CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private Exception? _failure;
    private Load? _last;
    private long _records;

    /// <summary>Returns when this number of records more may be in flight.</summary>
    public async Task RoomForAsync(int records, CancellationToken cancellationToken)
    {
        while (true)
        {
            Load oldest;
            lock (_gate)
            {
                ThrowIfFailed();
                if (_loads.Count == 0 || _records + records <= mostRecords) return;
                oldest = _loads.Peek();
            }

            await oldest.Committed.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes note of where a partition stands, everything before being in the tables.</summary>
    public void StartAt(LogPartition partition, long next)
    {
        lock (_gate) _accepted[partition] = next;
    }

    /// <summary>Takes note of a load of which everything is appended.</summary>
    /// <param name="raw">The offset of its last row, if it has any.</param>
    /// <param name="fact">Likewise.</param>
    public void Add(PartitionLoad partition, long next, int records, long? raw, long? fact)
    {
        lock (_gate)
        {
            ThrowIfFailed();
            _accepted[partition.Partition] = next;
            if (raw is null && fact is null) return;
            _loads.Enqueue(_last = new Load(partition, next, records, raw, fact));
            _records += records;
            if (_loads.Count == 1) _running = Task.Run(() => RunAsync(_stopping.Token));
        }
    }

    /// <summary>Returns when nothing is on the way any more.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Task last;
        lock (_gate)
        {
            ThrowIfFailed();
            last = _loads.Count == 0 ? Task.CompletedTask : _last!.Committed.Task;
        }

        await last.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Completes when the loads of a partition up to an offset are in the tables; fails when they are to be decided anew.
    /// </summary>
    public Task CommittedAsync(LogPartition partition, long offset)
    {
        lock (_gate)
        {
            if (_failure is not null) return Task.FromException(_failure);
            if (_accepted.GetValueOrDefault(partition) < offset) return Task.FromException(
                new OperationCanceledException($"Offset {offset} of {partition.Topic}/{partition.Partition} is to be loaded again."));
            var committed = Task.CompletedTask;
            foreach (var load in _loads)
            {
                if (load.Partition.Partition != partition) continue;
                committed = load.Committed.Task;
                if (load.Next >= offset) break;
            }

            return committed;
        }
    }

    /// <exception cref="SnowflakeException">A commit failed since the last <see cref="StopAsync"/>.</exception>
    public void ThrowIfFailed()
    {
        // A new exception each time: throwing the same object from several threads would mix up their traces.
        if (_failure is { } failure)
        {
            throw failure is SnowflakeException known
                ? new SnowflakeException(known.Fault, known.Message, known, known.Code)
                : new SnowflakeException(
                    SnowflakeFault.NotCommitted, $"The commits of rows could not be waited for: {failure.Message}", failure);
        }
    }

    /// <summary>Forgets all loads; those who wait for one learn that it is decided anew.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        lock (_gate)
        {
            _stopping.Dispose();
            _stopping = new CancellationTokenSource();
            _failure = null;
            _accepted.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Load load;
            lock (_gate)
            {
                load = _loads.Peek();
            }

            try
            {
                await load.InTablesAsync(cancellationToken);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                Fail(failure);
                return;
            }

            lock (_gate)
            {
                _loads.Dequeue();
                _records -= load.Records;
                load.Committed.SetResult();
                if (_loads.Count == 0) return;
            }
        }
    }

    private void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure = failure;
            _records = 0;
            foreach (var load in _loads)
            {
                load.Committed.SetException(failure);

                // Most loads have no waiter.
                _ = load.Committed.Task.Exception;
            }

            _loads.Clear();
        }
    }

    private sealed record Load(PartitionLoad Partition, long Next, int Records, long? Raw, long? Fact)
    {
        public TaskCompletionSource Committed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task InTablesAsync(CancellationToken cancellationToken)
        {
            if (Raw is { } raw) await Partition.RawChannel!.CommittedAsync(raw, cancellationToken);
            if (Fact is { } fact) await Partition.FactChannel!.CommittedAsync(fact, cancellationToken);
        }
    }
}
