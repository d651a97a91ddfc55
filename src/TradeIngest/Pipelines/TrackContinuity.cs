using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Pipelines;

internal static partial class StreamOperators
{
    /// <summary>
    /// Drops trades that passed before and publishes each <see cref="GapFound"/> right before the batch that reveals it. A batch
    /// of duplicates alone vanishes; its array goes back to the pool. A streamed trade whose id is far from the others of its symbol comes
    /// with the next one that bears it out, and is a dead letter if that refutes it.
    /// </summary>
    public static IObservable<StreamEvent> TrackContinuity(this IObservable<StreamEvent> source, ContinuityTracker tracker) =>
        new Continuity(source, tracker);

    private sealed class Continuity(IObservable<StreamEvent> source, ContinuityTracker tracker) : IObservable<StreamEvent>
    {
        public IDisposable Subscribe(IObserver<StreamEvent> observer) => source.Subscribe(new Sink(observer, tracker));

        private sealed class Sink(IObserver<StreamEvent> observer, ContinuityTracker tracker) : IObserver<StreamEvent>
        {
            private readonly List<GapFound> _gaps = [];
            private readonly FarTrades _far = new();

            public void OnNext(StreamEvent value)
            {
                if (value is not TradeBatch batch)
                {
                    observer.OnNext(value);
                    return;
                }

                tracker.Accept(batch, _gaps, _far);
                if (_gaps.Count > 0)
                {
                    foreach (var gap in _gaps) observer.OnNext(gap);
                    _gaps.Clear();
                }

                PublishFar();
                if (batch.Count > 0) observer.OnNext(batch);
                else batch.Dispose();
            }

            public void OnError(Exception error) => observer.OnError(error);

            public void OnCompleted()
            {
                tracker.GiveUpHeld(_far);
                PublishFar();
                observer.OnCompleted();
            }

            private void PublishFar()
            {
                if (_far.Confirmed.Count > 0)
                {
                    var confirmed = TradeBatch.Rent(_far.Confirmed.Count);
                    foreach (var trade in _far.Confirmed) confirmed.Add(in trade);
                    _far.Confirmed.Clear();
                    observer.OnNext(confirmed);
                }

                foreach (var trade in _far.Implausible) observer.OnNext(LetterOf(in trade));
                _far.Implausible.Clear();
            }

            private static DeadLetter LetterOf(in Trade trade)
            {
                var json = new byte[TradeJson.MaxLength];
                var length = TradeJson.Write(in trade, json);
                return DeadLetter.Of(
                    ErrorReason.TradeIdImplausible,
                    $"{trade.Symbol} {trade.TradeId} is more than {ContinuityTracker.MaxJump} ids from the others, and no trade after it "
                    + "was near",
                    trade.Source, trade.ReceivedTime, json.AsSpan(0, length));
            }
        }
    }
}
