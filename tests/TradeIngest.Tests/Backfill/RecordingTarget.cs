using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Tests.Backfill;

/// <summary>Takes what a backfill brings as a pipeline does, and keeps it in a few characters each.</summary>
internal sealed class RecordingTarget : IBackfillTarget
{
    public RecordingTarget(TradeIngestMetrics metrics) => Tracker = new ContinuityTracker(metrics);

    public List<string> Tape { get; } = [];

    public long Trades { get; private set; }

    public ContinuityTracker Tracker { get; }

    public SymbolTable Symbols { get; } = new();

    public long Disputed => 0;

    /// <summary>Marks ids as stored.</summary>
    public void Has(Symbol symbol, params ReadOnlySpan<long> ids)
    {
        using var batch = Batches.Of(symbol, ids);
        Tracker.Accept(batch, []);
    }

    public Task PushAsync(StreamEvent value, CancellationToken cancellationToken)
    {
        if (value is TradeBatch batch)
        {
            Tracker.Accept(batch, []);
            Trades += batch.Count;
        }

        Tape.Add(Batches.Text(value));
        (value as IDisposable)?.Dispose();
        return Task.CompletedTask;
    }
}
