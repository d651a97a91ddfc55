using Crypto.Warehouse;

namespace Crypto.TradeIngest.Binance;

/// <summary>At most <paramref name="count"/> starts within any <paramref name="window"/>; others wait in turn. Thread-safe.</summary>
internal sealed class SlidingWindowLimit(int count, TimeSpan window, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Queue<long> _starts = new(count);

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var _ = await _turn.EnterAsync(cancellationToken);
        while (_starts.Count >= count)
        {
            var left = window - clock.GetElapsedTime(_starts.Peek());
            if (left > TimeSpan.Zero) await Task.Delay(left, clock, cancellationToken);
            if (clock.GetElapsedTime(_starts.Peek()) >= window) _starts.Dequeue();
        }

        _starts.Enqueue(clock.GetTimestamp());
    }

    public void Dispose() => _turn.Dispose();
}
