using System.Buffers;
using System.Runtime.CompilerServices;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Streams;

/// <summary>
/// Trades that arrived together, in arrival order, in a pooled array. Exactly one owner at a time: the one that takes it off the
/// stream disposes it, which returns the array.
/// </summary>
internal sealed record TradeBatch : StreamEvent, IDisposable
{
    private Trade[] _trades;

    private TradeBatch(Trade[] trades) => _trades = trades;

    public int Count { get; private set; }

    public bool IsFull => Count == _trades.Length;

    /// <summary>The trades; the span dies with the batch.</summary>
    public Span<Trade> Trades => _trades.AsSpan(0, Count);

    /// <summary>Of the array, however many trades are in it.</summary>
    public override int MemoryBytes() => base.MemoryBytes() + (_trades.Length * Unsafe.SizeOf<Trade>());

    public static TradeBatch Rent(int capacity) => new(ArrayPool<Trade>.Shared.Rent(capacity));

    /// <exception cref="IndexOutOfRangeException">The batch <see cref="IsFull"/>.</exception>
    public void Add(in Trade trade)
    {
        _trades[Count] = trade;
        Count++;
    }

    /// <summary>Keeps the first <paramref name="count"/> trades, after an operator compacted the span in place.</summary>
    public void Truncate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        Count = count;
    }

    public void Dispose()
    {
        var trades = Interlocked.Exchange(ref _trades, []);
        Count = 0;

        // Symbols are interned for the life of the process, so stale references keep nothing alive: no clearing.
        if (trades.Length > 0) ArrayPool<Trade>.Shared.Return(trades);
    }
}
