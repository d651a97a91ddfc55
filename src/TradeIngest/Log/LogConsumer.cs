using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log;

/// <summary>A consumer that has all partitions of a topic to itself.</summary>
internal sealed class LogConsumer(
    ITradeLog log, string topic, IBatchHandler handler, ConsumerMetrics metrics, TimeProvider clock, ILogger logger) : ILogConsumer
{
    private const string NotCommitted = "what was loaded was not committed";

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

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
            if (!committed.IsCompleted || await committed) return;
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
            metrics.CountPoll();
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            await RewindAsync(failure.Message, cancellationToken);
        }
    }

    private async Task RewindAsync(string reason, CancellationToken cancellationToken)
    {
        for (var (delay, isRewound) = (FirstDelay, false); !isRewound; delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            logger.LogWarning("{Topic} is read again from where the warehouse stands, in {Delay}: {Message}", topic, delay, reason);
            await Task.Delay(delay, clock, cancellationToken);
            isRewound = await TryRewindAsync(cancellationToken);
        }

        _last = BatchCommit.Done;
    }

    private async Task<bool> TryRewindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var positions = await handler.PositionsAsync(cancellationToken);
            await _reader!.DisposeAsync();
            _reader = log.OpenReader(topic, positions);
            return true;
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            logger.LogWarning("The warehouse does not say where {Topic} stands: {Message}", topic, failure.Message);
            return false;
        }
    }
}
