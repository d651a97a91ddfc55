using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// The hand-off from the Rx pipeline, which pushes and must not wait, to the asynchronous log writer, which pulls. Bounded in
/// batches and in trades; the options say what happens when it is full. Any number of threads may write, one reads.
/// <para>
/// Events other than batches (dead letters, gaps, connects) have a reserve of their own behind the batches and are never shed
/// for being behind many trades. When even the reserve is full an event is dropped, counted in <see cref="LostEvents"/> and
/// logged; a <see cref="GapFound"/> can be lost so without harm, since the tracker keeps the gap itself.
/// </para>
/// </summary>
internal sealed class TradeChannel : IObserver<StreamEvent>
{
    private readonly Channel<StreamEvent> _channel;
    private readonly TradeChannelOptions _options;
    private readonly ContinuityTracker _tracker;
    private readonly Action<GapFound> _onShed;
    private readonly ILogger<TradeChannel> _logger;
    private readonly Lock _gate = new();
    private TaskCompletionSource? _read;
    private int _batches;
    private int _events;
    private long _trades;
    private bool _completed;
    private bool _shedding;

    /// <param name="tracker">Gets the ids of shed trades back.</param>
    /// <param name="onShed">Told the gaps that shedding makes, for backfill; must not wait.</param>
    public TradeChannel(TradeChannelOptions options, ContinuityTracker tracker, Action<GapFound> onShed, ILogger<TradeChannel> logger)
    {
        _options = options;
        _tracker = tracker;
        _onShed = onShed;
        _logger = logger;
        _channel = options.Policy == FullPolicy.Wait
            ? Channel.CreateUnbounded<StreamEvent>(new UnboundedChannelOptions { SingleReader = true })
            : Channel.CreateBounded<StreamEvent>(new BoundedChannelOptions(options.Batches + options.EventReserve) { SingleReader = true });
    }

    /// <summary>Batches written.</summary>
    public long Written { get; private set; }

    public long WrittenTrades { get; private set; }

    public long ShedBatches { get; private set; }

    public long ShedTrades { get; private set; }

    /// <summary>Events other than batches that found even the reserve full.</summary>
    public long LostEvents { get; private set; }

    /// <summary>Batches waiting now.</summary>
    public int Depth => Volatile.Read(ref _batches);

    /// <summary>Most batches that ever waited.</summary>
    public int HighWaterMark { get; private set; }

    /// <summary>
    /// Whether a producer that can wait may push. Half of the bounds, since several producers may see it at a time, and connections then
    /// hand over what they are filling.
    /// </summary>
    public bool HasRoom => Volatile.Read(ref _events) <= _options.EventReserve / 2 && (_options.Policy == FullPolicy.Wait
        ? Volatile.Read(ref _batches) <= _options.Batches / 2 && Volatile.Read(ref _trades) <= _options.Trades / 2
        : Volatile.Read(ref _batches) < _options.Batches && Volatile.Read(ref _trades) < _options.Trades);

    // The last batch may exceed the bound. Who waits for room is never refused: what a connection had received is in its hands.
    private bool TakesBatch => _options.Policy == FullPolicy.Wait || (_batches < _options.Batches && _trades < _options.Trades);

    /// <summary>
    /// Takes an event without waiting. Under <see cref="FullPolicy.Shed"/> a batch that finds no room is dropped, and its ids
    /// become a gap. Under <see cref="FullPolicy.Wait"/> it is taken: the producer awaits <see cref="WaitForRoomAsync"/> before it
    /// receives more.
    /// </summary>
    public void OnNext(StreamEvent value)
    {
        lock (_gate)
        {
            if (value is not TradeBatch batch)
            {
                WriteEvent(value);
                return;
            }

            if (TakesBatch && !_completed)
            {
                Write(batch);
                return;
            }

            Shed(batch);
        }
    }

    /// <summary>No more will come; the reader drains what is there. A batch that comes nevertheless is shed.</summary>
    public void OnCompleted() => Complete(null);

    /// <summary>As <see cref="OnCompleted"/>; the reader gets the error after draining.</summary>
    public void OnError(Exception error) => Complete(error);

    /// <summary>Waits for room, then writes. Never on a socket's receive loop.</summary>
    /// <exception cref="ChannelClosedException">The channel was completed.</exception>
    public async Task WriteAsync(StreamEvent value, CancellationToken token)
    {
        while (true)
        {
            await WaitForRoomAsync(token);
            lock (_gate)
            {
                if (_completed) throw new ChannelClosedException();

                // Another writer may have been faster.
                if (!HasRoom) continue;
                if (value is TradeBatch batch) Write(batch);
                else WriteEvent(value);
                return;
            }
        }
    }

    /// <summary>Completes when there <see cref="HasRoom"/>.</summary>
    public async Task WaitForRoomAsync(CancellationToken token)
    {
        while (true)
        {
            Task read;
            lock (_gate)
            {
                if (HasRoom) return;
                _read ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                read = _read.Task;
            }

            await read.WaitAsync(token);
        }
    }

    /// <returns>False when the channel is completed and drained.</returns>
    public ValueTask<bool> WaitToReadAsync(CancellationToken token) => _channel.Reader.WaitToReadAsync(token);

    /// <summary>Takes the next event; a batch is now the caller's to dispose.</summary>
    public bool TryRead([MaybeNullWhen(false)] out StreamEvent value)
    {
        if (!_channel.Reader.TryRead(out value)) return false;
        lock (_gate)
        {
            if (value is TradeBatch batch)
            {
                _batches--;
                _trades -= batch.Count;
            }
            else
            {
                _events--;
            }

            _read?.TrySetResult();
            _read = null;
        }

        return true;
    }

    /// <summary>Every event until completion; each batch is the caller's to dispose.</summary>
    public async IAsyncEnumerable<StreamEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken token)
    {
        while (await WaitToReadAsync(token))
        {
            while (TryRead(out var value)) yield return value;
        }
    }

    private void Complete(Exception? error)
    {
        lock (_gate)
        {
            _completed = true;
            _channel.Writer.TryComplete(error);
        }
    }

    private void Write(TradeBatch batch)
    {
        // The reader may own, and dispose, the batch before TryWrite returns.
        var trades = batch.Count;
        _channel.Writer.TryWrite(batch);
        _batches++;
        _trades += trades;
        Written++;
        WrittenTrades += trades;
        HighWaterMark = Math.Max(HighWaterMark, _batches);
        _shedding = false;
    }

    private void WriteEvent(StreamEvent value)
    {
        if (_events < _options.EventReserve && !_completed)
        {
            _channel.Writer.TryWrite(value);
            _events++;
            return;
        }

        LostEvents++;
        if (ulong.IsPow2((ulong)LostEvents)) _logger.LogError("{Count} events found no room, the last: {Event}", LostEvents, value);
    }

    private void Shed(TradeBatch batch)
    {
        ShedBatches++;
        ShedTrades += batch.Count;
        if (!_shedding) _logger.LogWarning("The log is slower than the exchange: trades are shed and will be fetched again.");
        _shedding = true;
        foreach (var gap in _tracker.Release(batch.Trades))
        {
            WriteEvent(gap);
            _onShed(gap);
        }

        batch.Dispose();
    }
}
