using System.Collections.Concurrent;
using System.Threading.Channels;
using Crypto.TestSupport;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Binance;

/// <summary>Records a stream: what a test asks for can be awaited, and nothing is missed.</summary>
internal sealed class EventTape : IObserver<StreamEvent>
{

    private readonly Channel<StreamEvent> _events = Channel.CreateUnbounded<StreamEvent>();
    private readonly TaskCompletionSource<Exception?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<Trade> Trades { get; } = new();

    public ConcurrentQueue<int> BatchSizes { get; } = new();

    /// <summary>The error the stream ended with, or null when it completed.</summary>
    public Task<Exception?> End => _end.Task.WaitAsync(Patience.Limit);

    public void OnNext(StreamEvent value)
    {
        if (value is TradeBatch batch)
        {
            BatchSizes.Enqueue(batch.Count);
            foreach (var trade in batch.Trades) Trades.Enqueue(trade);
        }

        _events.Writer.TryWrite(value);
    }

    public void OnCompleted() => _end.TrySetResult(null);

    public void OnError(Exception error) => _end.TrySetResult(error);

    /// <summary>The next event of a type, skipping others.</summary>
    public async Task<T> NextAsync<T>()
        where T : StreamEvent
    {
        using var patience = Patience.Start();
        while (true)
        {
            if (await _events.Reader.ReadAsync(patience.Token) is T found) return found;
        }
    }

    /// <summary>Waits until so many trades were recorded.</summary>
    public async Task TradesAsync(int count)
    {
        while (Trades.Count < count) await NextAsync<TradeBatch>();
    }
}
