using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;

namespace Crypto.Benchmarks.Samples;

/// <summary>A source that pushes what it is told, to one observer.</summary>
internal sealed class EventSource<T> : IObservable<T>, IDisposable
{
    private IObserver<T>? _observer;

    public IDisposable Subscribe(IObserver<T> observer)
    {
        _observer = observer;
        return this;
    }

    public void Push(T value) => _observer!.OnNext(value);

    public void Dispose() => _observer = null;
}

/// <summary>Counts the trades that come out; their batches stay their owner's.</summary>
internal sealed class TradeCounter : IObserver<StreamEvent>
{
    public long Trades { get; private set; }

    public void OnNext(StreamEvent value)
    {
        if (value is TradeBatch batch) Trades += batch.Count;
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error) => throw error;
}
