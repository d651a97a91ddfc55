using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Contract;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// The asynchronous end of the hand-off: takes what waits in the channel, all of it up to a bound, and appends it in one durable
/// write. So a slow disk makes larger writes, not a longer queue.
/// </summary>
/// <param name="ledger">Where to keep what is in the log, for a log that is read again by another process; null for none.</param>
internal sealed class LogWriter(
    TradeChannel channel, ITradeLog log, TradeIngestMetrics metrics, TimeProvider clock, ILogger<LogWriter> logger,
    CaptureLedger? ledger = null)
{
    private const int BytesPerAppend = 4 << 20;

    private readonly LogMetrics _metrics = metrics.Log;
    private int _isCheckpointDue = 1;

    // Of the append under way.
    private long _takenLetters;
    private long _takenSummarized;
    private long _takenVerdicts;

    /// <summary>Runs until the channel is completed and drained; canceling abandons what still waits.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
        }
        finally
        {
            // No source has them any more.
            var lost = metrics.Channel.DeadLetters.Value - _metrics.DeadLetters.Value - _metrics.Summarized.Value;
            if (lost > 0) logger.DeadLettersLost(lost);
        }
    }

    /// <summary>Has what is in the log written down soon. Never waits.</summary>
    public void RequestCheckpoint() => RequestCheckpoint(isAwake: false);

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        using var trades = new RecordBatch();
        using var letters = new RecordBatch();
        using var states = new RecordBatch();
        await CheckpointAsync(states, cancellationToken);
        while (await channel.WaitToReadAsync(cancellationToken))
        {
            var started = clock.GetTimestamp();
            while (trades.Bytes < BytesPerAppend && letters.Bytes < BytesPerAppend && channel.TryRead(out var value))
            {
                Take(value, trades, letters);
            }

            metrics.Stages.LogEncode.Add(clock, started);
            started = clock.GetTimestamp();
            if (ledger is not null) await BeginAsync(ledger, states, cancellationToken);
            await log.AppendAsync(Topics.StockTrades, trades, cancellationToken);
            await log.AppendAsync(Topics.DeadLetters, letters, cancellationToken);
            metrics.Stages.LogAppend.Add(clock, started);
            Count(trades, letters);
            await CheckpointAsync(states, cancellationToken);
        }

        // The last one is exact: after an orderly stop nothing is fetched twice.
        RequestCheckpoint(isAwake: true);
        await CheckpointAsync(states, cancellationToken);
    }

    // The flag is what counts: a wake-up that finds the channel full finds a writer that is awake.
    private void RequestCheckpoint(bool isAwake)
    {
        if (Interlocked.Exchange(ref _isCheckpointDue, 1) == 0 && !isAwake) channel.OnNext(new CheckpointDue());
    }

    private async Task BeginAsync(CaptureLedger begun, RecordBatch states, CancellationToken cancellationToken)
    {
        begun.TakeBegun(states);
        await log.AppendAsync(Topics.CaptureState, states, cancellationToken);
        states.Clear();
    }

    private async Task CheckpointAsync(RecordBatch states, CancellationToken cancellationToken)
    {
        if (ledger is null || Interlocked.Exchange(ref _isCheckpointDue, 0) == 0) return;
        ledger.TakeChanged(states);
        await log.AppendAsync(Topics.CaptureState, states, cancellationToken);
        states.Clear();
        _metrics.Checkpoints.Increment();
    }

    private void Count(RecordBatch trades, RecordBatch letters)
    {
        _metrics.Trades.Add(trades.Count - _takenVerdicts);
        _metrics.Verdicts.Add(_takenVerdicts);
        _metrics.DeadLetters.Add(_takenLetters);
        _metrics.Summarized.Add(_takenSummarized);
        _metrics.Records.Add(trades.Count + letters.Count);
        (_takenLetters, _takenSummarized, _takenVerdicts) = (0, 0, 0);
        trades.Clear();
        letters.Clear();
    }

    private void Take(StreamEvent value, RecordBatch trades, RecordBatch letters)
    {
        switch (value)
        {
            case TradeBatch batch:
                foreach (ref readonly var trade in batch.Trades)
                {
                    trades.End(TradeJson.Write(trade, trades.Begin(trade.Symbol.Utf8, TradeJson.MaxLength)));
                    ledger?.Add(in trade);
                }

                batch.Dispose();
                break;
            case GapVerdict verdict:
                // Where the trades would be: read in the same order, by the same sink.
                trades.Add(verdict.Symbol.Utf8, GapVerdictJson.Write(verdict));
                _takenVerdicts++;
                if (verdict is ExchangeHole hole) ledger?.Add(hole);
                break;
            case DeadLetter letter:
                letters.Add(System.Text.Encoding.UTF8.GetBytes(letter.Reason.ToString()), DeadLetterJson.Write(letter));
                if (letter.Count == 1) _takenLetters++;
                else _takenSummarized += letter.Count;
                break;
            case CaptureRestored restored:
                ledger?.Seed(restored.Symbol, restored.From, restored.Ids);
                break;
            case GapFound gap:
                logger.GapFound(gap.Ids, gap.Symbol, gap.Ids.Count);
                break;
            case Disconnected { RetryIn.Ticks: < 0 } given:
                logger.ConnectionGaveUp(given.Reason);
                break;
            case Disconnected lost:
                logger.Disconnected(lost.Reason.TrimEnd('.'), lost.RetryIn);
                break;
            case Connected connected:
                logger.Connected(connected.Endpoint, connected.Attempt);
                break;
            case QualityIssue issue:
                logger.TradeRejected(issue.Trade.Symbol, issue.Trade.TradeId, issue.Reason);
                break;
        }
    }
}
