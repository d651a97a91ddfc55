using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// The hand-off from the Rx pipeline, which pushes and must not wait, to the asynchronous log writer, which pulls. Bounded in
/// batches, in trades and in bytes; the options say what happens when it is full. Any number of threads may write, one reads.
/// <para>
/// Events other than batches (dead letters, gaps, connects) have a reserve of their own behind the batches, in number and in bytes, and
/// are never shed for being behind many trades. A dead letter that finds it full, or is one of too many, is summarized with others
/// (<see cref="DeadLetterFlood"/>); the summary follows when there is room, at the latest before the channel completes. Any other event
/// is dropped, counted and logged: it is only a message, since the tracker keeps the gaps themselves.
/// </para>
/// </summary>
internal sealed class TradeChannel : IObserver<StreamEvent>
{
    private readonly Channel<StreamEvent> _channel;
    private readonly TradeChannelOptions _options;
    private readonly ContinuityTracker _tracker;
    private readonly Action<GapFound> _onShed;
    private readonly DeadLetterFlood _flood;
    private readonly ChannelMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<TradeChannel> _logger;
    private readonly Lock _gate = new();
    private TaskCompletionSource? _read;
    private int _batches;
    private long _trades;
    private long _batchBytes;
    private int _events;
    private long _eventBytes;
    private bool _completed;
    private bool _shedding;
    private readonly OverloadState _overload = new();

    /// <param name="tracker">Gets the ids of shed trades back.</param>
    /// <param name="onShed">Receives the gaps that shedding makes, for backfill; must not block.</param>
    /// <param name="clock">Of the dead letters' windows.</param>
    public TradeChannel(
        TradeChannelOptions options, ContinuityTracker tracker, Action<GapFound> onShed, TradeIngestMetrics metrics, TimeProvider clock,
        ILogger<TradeChannel> logger)
    {
        _options = options;
        _tracker = tracker;
        _onShed = onShed;
        _flood = new DeadLetterFlood(options.DeadLetters, clock);
        _metrics = metrics.Channel;
        _clock = clock;
        _logger = logger;
        _metrics.Depth.ReadFrom(() => Depth);
        _metrics.Overload.ReadFrom(() => (long)Overload);
        _metrics.Size.ReadFrom(() => Volatile.Read(ref _batchBytes) + Volatile.Read(ref _eventBytes));
        _metrics.HeldLetters.ReadFrom(CountHeldLetters);

        // The bounds are those of the options, which know more than a number of items.
        _channel = Channel.CreateUnbounded<StreamEvent>(new UnboundedChannelOptions { SingleReader = true });
    }

    /// <summary>Batches waiting now.</summary>
    public int Depth => Volatile.Read(ref _batches);

    /// <summary>How full it is, by the batches that wait.</summary>
    public Overload Overload
    {
        get
        {
            lock (_gate) return _overload.Current;
        }
    }

    /// <summary>Most batches that ever waited.</summary>
    public int HighWaterMark { get; private set; }

    /// <summary>
    /// Whether a producer that can wait may push: not where live trades need the room, and under <see cref="FullPolicy.Wait"/> up to half
    /// of the bounds, since several producers may see it at a time, and connections then hand over what they are filling.
    /// </summary>
    public bool HasRoom =>
        Volatile.Read(ref _events) <= _options.EventReserve / 2
        && Volatile.Read(ref _eventBytes) <= _options.EventBytes / 2
        && (_options.Policy == FullPolicy.Wait
            ? Volatile.Read(ref _batches) <= _options.Batches / 2
                && Volatile.Read(ref _trades) <= _options.Trades / 2
                && Volatile.Read(ref _batchBytes) <= _options.Bytes / 2
            : Overload == Overload.Ok);

    // The last batch may exceed the bound.
    private bool IsBelowBatchBounds =>
        Volatile.Read(ref _batches) < _options.Batches
        && Volatile.Read(ref _trades) < _options.Trades
        && Volatile.Read(ref _batchBytes) < _options.Bytes;

    // Who waits for room is never refused: what a connection had received is in its hands.
    private bool TakesBatch => _options.Policy == FullPolicy.Wait || IsBelowBatchBounds;

    private bool TakesEvent => _events < _options.EventReserve && _eventBytes < _options.EventBytes;

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
    public async Task WriteAsync(StreamEvent value, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitForRoomAsync(cancellationToken);
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
    public async Task WaitForRoomAsync(CancellationToken cancellationToken)
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

            await read.WaitAsync(cancellationToken);
        }
    }

    /// <returns>False when the channel is completed and drained.</returns>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => _channel.Reader.WaitToReadAsync(cancellationToken);

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
                _batchBytes -= batch.MemoryBytes();
            }
            else
            {
                _events--;
                _eventBytes -= value.MemoryBytes();
            }

            UpdateOverload();
            _read?.TrySetResult();
            _read = null;
        }

        return true;
    }

    /// <summary>Every event until completion; each batch is the caller's to dispose.</summary>
    public async IAsyncEnumerable<StreamEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await WaitToReadAsync(cancellationToken))
        {
            while (TryRead(out var value)) yield return value;
        }
    }

    private void Complete(Exception? error)
    {
        lock (_gate)
        {
            WriteSummaries();
            _completed = true;
            _channel.Writer.TryComplete(error);
        }
    }

    private void Write(TradeBatch batch)
    {
        // The reader may own, and dispose, the batch before TryWrite returns.
        var (trades, bytes) = (batch.Count, batch.MemoryBytes());
        _channel.Writer.TryWrite(batch);
        _batches++;
        _trades += trades;
        _batchBytes += bytes;
        _metrics.Batches.Increment();
        _metrics.Trades.Add(trades);
        HighWaterMark = Math.Max(HighWaterMark, _batches);
        UpdateOverload();
    }

    private void UpdateOverload()
    {
        var fill = Math.Max(
            (double)_batches / _options.Batches, Math.Max((double)_trades / _options.Trades, (double)_batchBytes / _options.Bytes));
        if (!_overload.Update(fill)) return;
        var level = _overload.Current == Overload.High ? LogLevel.Warning : LogLevel.Information;
        _logger.OverloadChanged(level, _overload.Current, (int)(fill * 100));
        _shedding &= _overload.Current == Overload.High;
    }

    private void WriteEvent(StreamEvent value)
    {
        if (value is DeadLetter letter && !_completed)
        {
            WriteLetter(letter);
        }
        else if (TakesEvent && !_completed)
        {
            Enqueue(value);
        }
        else
        {
            _metrics.LostEvents.Increment();
            _logger.EventDropped(value);
        }
    }

    private void WriteLetter(DeadLetter letter)
    {
        _metrics.DeadLetters.Increment();
        if (_flood.Admits(letter) && TakesEvent)
        {
            Enqueue(letter);
            return;
        }

        if (!_flood.IsHolding) _ = SummarizeLaterAsync();
        _flood.Hold(letter);
    }

    private void Enqueue(StreamEvent value)
    {
        _channel.Writer.TryWrite(value);
        _events++;
        _eventBytes += value.MemoryBytes();
    }

    /// <summary>Writes what is held when the window has passed; while the reader is stuck, it is added to and costs no more.</summary>
    private async Task SummarizeLaterAsync()
    {
        while (true)
        {
            await Task.Delay(_options.DeadLetters.Window, _clock);
            lock (_gate)
            {
                if (!TakesEvent && !_completed) continue;
                WriteSummaries();
                return;
            }
        }
    }

    private void WriteSummaries()
    {
        foreach (var summary in _flood.Take())
        {
            _logger.DeadLettersSummarized(summary.Reason.Name(), summary.Detail);
            Enqueue(summary);
        }
    }

    private long CountHeldLetters()
    {
        lock (_gate) return _flood.Held;
    }

    private void Shed(TradeBatch batch)
    {
        _metrics.ShedBatches.Increment();
        _metrics.ShedTrades.Add(batch.Count);
        if (!_shedding) _logger.SheddingTrades();
        _shedding = true;
        foreach (var gap in _tracker.Release(batch.Trades))
        {
            WriteEvent(gap);
            _onShed(gap);
        }

        batch.Dispose();
    }
}
