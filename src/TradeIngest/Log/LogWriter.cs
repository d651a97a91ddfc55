using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Contract;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log;

/// <summary>
/// The asynchronous end of the hand-off: takes what waits in the channel, all of it up to a bound, and appends it in one durable
/// write. So a slow disk makes larger writes, not a longer queue.
/// </summary>
internal sealed class LogWriter(TradeChannel channel, ITradeLog log, TimeProvider clock, ILogger<LogWriter> logger)
{
    private const int BytesPerAppend = 4 << 20;

    private long _appended;
    private long _deadLetters;

    /// <summary>Trades in the log, by this writer.</summary>
    public long Appended => Volatile.Read(ref _appended);

    public long DeadLetters => Volatile.Read(ref _deadLetters);

    /// <summary>Writing trades as JSON.</summary>
    public StageTime Encoding { get; } = new();

    /// <summary>Durable appends.</summary>
    public StageTime Appending { get; } = new();

    /// <summary>Runs until the channel is completed and drained; canceling abandons what still waits.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var trades = new RecordBatch();
        using var letters = new RecordBatch();
        while (await channel.WaitToReadAsync(cancellationToken))
        {
            var started = clock.GetTimestamp();
            while (trades.Bytes < BytesPerAppend && letters.Bytes < BytesPerAppend && channel.TryRead(out var value)) Take(value, trades, letters);
            Encoding.Add(clock, started);
            started = clock.GetTimestamp();
            await log.AppendAsync(Topics.StockTrades, trades, cancellationToken);
            await log.AppendAsync(Topics.DeadLetters, letters, cancellationToken);
            Appending.Add(clock, started);
            Volatile.Write(ref _appended, _appended + trades.Count);
            Volatile.Write(ref _deadLetters, _deadLetters + letters.Count);
            trades.Clear();
            letters.Clear();
        }
    }

    private void Take(StreamEvent value, RecordBatch trades, RecordBatch letters)
    {
        switch (value)
        {
            case TradeBatch batch:
                foreach (ref readonly var trade in batch.Trades)
                {
                    trades.End(TradeJson.Write(trade, trades.Begin(trade.Symbol.Utf8, TradeJson.MaxLength)));
                }

                batch.Dispose();
                break;
            case DeadLetter letter:
                letters.Add(System.Text.Encoding.UTF8.GetBytes(letter.Reason.ToString()), DeadLetterJson.Write(letter));
                break;
            case GapFound gap:
                logger.LogInformation("Gap {Ids} of {Symbol} found ({Count} trades).", gap.Ids, gap.Symbol, gap.Ids.Count);
                break;
            case Disconnected lost:
                logger.LogWarning("Disconnected: {Reason} Retrying in {RetryIn}.", lost.Reason, lost.RetryIn);
                break;
            case Connected connected:
                logger.LogInformation("Connected to {Endpoint}, attempt {Attempt}.", connected.Endpoint, connected.Attempt);
                break;
            case QualityIssue issue:
                logger.LogWarning("{Symbol} {TradeId} is rejected: {Reason}.", issue.Trade.Symbol, issue.Trade.TradeId, issue.Reason);
                break;
        }
    }
}
