using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log;

/// <summary>A consumer that has all partitions of a topic to itself.</summary>
internal sealed class LogConsumer(
    ITradeLog log, string topic, IBatchHandler handler, ConsumerMetrics metrics, TimeProvider clock, ILogger logger) : ILogConsumer
{
    private const string NotCommitted = "what was loaded was not committed";

    // What was handed over since the handler last told where it stands, by partition.
    private readonly Dictionary<int, long> _handed = [];
    private ILogReader? _reader;
    private BatchCommit _last = BatchCommit.Done;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await OpenAsync(cancellationToken);
            while (true)
            {
                // A batch that was read is handled even when the stop comes in between: it is cheaper than reading it again.
                if (await ReadAsync(_reader!, cancellationToken) is { } batch) await HandleOrRewindAsync(batch, cancellationToken);
                else await RewindAsync(NotCommitted, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_reader!.TryRead(handler.RecordsPerBatch) is { } batch)
            {
                await HandleOrRewindAsync(batch, cancellationToken);
                continue;
            }

            var committed = _last.Completion;
            await ((Task)committed).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!committed.IsCompleted || (await committed && await IsDurableAsync(cancellationToken))) return;
            await RewindAsync(NotCommitted, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null) await _reader.DisposeAsync();
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_reader is not null) return;
        _reader = log.OpenReader(topic, await handler.PositionsAsync(cancellationToken));
        metrics.Hold(log.PartitionsOf(topic));
    }

    /// <summary>Waits for records; no longer, and gives null, when what was handled last turns out not to be committed.</summary>
    private async Task<ConsumedBatch?> ReadAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        var last = _last.Completion;
        if (last.IsCompleted) return await last ? await WaitAsync(reader, cancellationToken) : null;
        using var interrupting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = WaitAsync(reader, interrupting.Token);
        if (await Task.WhenAny(reading, last) == last && !await last) await interrupting.CancelAsync();
        try
        {
            return await reading;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<ConsumedBatch?> WaitAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        var reading = reader.ReadAsync(handler.RecordsPerBatch, cancellationToken);
        metrics.NoteWaiting(!reading.IsCompleted);
        try
        {
            return await reading;
        }
        finally
        {
            metrics.NoteWaiting(false);
        }
    }

    /// <summary>
    /// Hands the batch over; if it cannot be stored now, waits until it can, and reads on from where the handler then stands.
    /// </summary>
    private async Task HandleOrRewindAsync(ConsumedBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            _last = await handler.HandleAsync(batch);
            _handed[batch.Partition] = batch.NextOffset;
            metrics.CountPoll();
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            await RewindAsync(failure.Message, cancellationToken);
        }
    }

    /// <summary>
    /// Whether the next start goes on behind all that was handed over. A handler that makes checkpoints makes one before it says where it
    /// stands.
    /// </summary>
    private async Task<bool> IsDurableAsync(CancellationToken cancellationToken)
    {
        if (_handed.Count == 0) return true;
        try
        {
            var positions = await handler.PositionsAsync(cancellationToken);
            return _handed.All(handed => positions.TryGetValue(handed.Key, out var position) && position >= handed.Value);
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            logger.NotCheckpointed(topic, failure.Message);
            return false;
        }
    }

    private async Task RewindAsync(string reason, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(BackoffOptions.Default, clock);
        do
        {
            var delay = backoff.Next();
            logger.RewindingTopic(topic, delay, reason);
            await Task.Delay(delay, clock, cancellationToken);
        }
        while (!await TryRewindAsync(cancellationToken));

        _last = BatchCommit.Done;
    }

    private async Task<bool> TryRewindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var positions = await handler.PositionsAsync(cancellationToken);
            await _reader!.DisposeAsync();
            _reader = log.OpenReader(topic, positions);
            _handed.Clear();
            return true;
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            logger.PositionUnknown(topic, failure.Message);
            return false;
        }
    }
}
