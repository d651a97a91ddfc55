using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Pipelines;

internal static partial class StreamOperators
{
    /// <summary>
    /// Drops trades that passed before and publishes each <see cref="GapFound"/> right before the batch that reveals it. A batch
    /// of duplicates alone vanishes; its array goes back to the pool.
    /// </summary>
    public static IObservable<StreamEvent> TrackContinuity(this IObservable<StreamEvent> source, ContinuityTracker tracker) =>
        new Continuity(source, tracker);

    private sealed class Continuity(IObservable<StreamEvent> source, ContinuityTracker tracker) : IObservable<StreamEvent>
    {
        public IDisposable Subscribe(IObserver<StreamEvent> observer) => source.Subscribe(new Sink(observer, tracker));

        private sealed class Sink(IObserver<StreamEvent> observer, ContinuityTracker tracker) : IObserver<StreamEvent>
        {
            private readonly List<GapFound> _gaps = [];

            public void OnNext(StreamEvent value)
            {
                if (value is not TradeBatch batch)
                {
                    observer.OnNext(value);
                    return;
                }

                tracker.Accept(batch, _gaps);
                if (_gaps.Count > 0)
                {
                    foreach (var gap in _gaps) observer.OnNext(gap);
                    _gaps.Clear();
                }

                if (batch.Count > 0) observer.OnNext(batch);
                else batch.Dispose();
            }

            public void OnError(Exception error) => observer.OnError(error);

            public void OnCompleted() => observer.OnCompleted();
        }
    }
}
