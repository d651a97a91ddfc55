using System.Runtime.InteropServices;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Pipelines;

internal static partial class StreamOperators
{
    /// <summary>
    /// Counts the verdict on every trade and publishes a <see cref="QualityIssue"/> before the batch for the first few that break
    /// a rule. The trades stay in the batch: they are stored as rejected, not lost. Of a streamed one the exchange's history is to give
    /// another copy, so its id is taken out of what passed and published as a gap.
    /// </summary>
    /// <param name="issuesPerBatch">Most issues published per batch, so that a flood is not amplified; all are counted.</param>
    public static IObservable<StreamEvent> CheckQuality(
        this IObservable<StreamEvent> source, ContinuityTracker tracker, QualityMetrics metrics, int issuesPerBatch = 16) =>
        new Quality(source, tracker, metrics, issuesPerBatch);

    private sealed class Quality(IObservable<StreamEvent> source, ContinuityTracker tracker, QualityMetrics metrics, int issuesPerBatch)
        : IObservable<StreamEvent>
    {
        public IDisposable Subscribe(IObserver<StreamEvent> observer) =>
            source.Subscribe(new Sink(observer, tracker, metrics, issuesPerBatch));

        private sealed class Sink(IObserver<StreamEvent> observer, ContinuityTracker tracker, QualityMetrics metrics, int issuesPerBatch)
            : IObserver<StreamEvent>
        {
            private readonly List<Trade> _unsettled = [];

            public void OnNext(StreamEvent value)
            {
                if (value is TradeBatch batch) Check(batch);
                observer.OnNext(value);
            }

            public void OnError(Exception error) => observer.OnError(error);

            public void OnCompleted() => observer.OnCompleted();

            private void Check(TradeBatch batch)
            {
                var good = 0;
                var issues = 0;
                foreach (ref readonly var trade in batch.Trades)
                {
                    var reason = TradeQuality.Check(in trade);
                    if (reason == ErrorReason.None)
                    {
                        good++;
                        continue;
                    }

                    metrics.Invalid[reason.Name()].Increment();
                    if (issues++ < issuesPerBatch) observer.OnNext(new QualityIssue(trade, reason));
                    if (trade.Source == IngestSource.Stream) _unsettled.Add(trade);
                }

                metrics.Valid.Add(good);
                if (_unsettled.Count == 0) return;
                foreach (var gap in tracker.Release(CollectionsMarshal.AsSpan(_unsettled))) observer.OnNext(gap);
                _unsettled.Clear();
            }
        }
    }
}
