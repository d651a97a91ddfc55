using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>
/// One client's WebSocket after the handshake: answers its requests, checks its pongs, and takes the trades it subscribed to.
/// Two tasks run for it, a reader (which also owns the closing handshake) and a writer; <see cref="KeepAliveAsync"/> watches.
/// </summary>
internal sealed partial class StreamConnection : IDisposable
{
    private readonly SimulatedExchangeOptions _options;
    private readonly Faults _faults;
    private readonly TimeProvider _clock;
    private readonly Stream _stream;
    private readonly Action _abort;
    private readonly Action _subscriptionsChanged;
    private readonly Outbound _outbound = new();
    private readonly MessageBudget _budget;
    private readonly CancellationTokenSource _ending;
    private readonly Lock _state = new();
    private readonly StreamState _subscribed;
    private bool _closing;
    private bool _disposed;

    public StreamConnection(
        SimulatedExchangeOptions options, Faults faults, Stream stream, StreamState state, Action abort, Action subscriptionsChanged)
    {
        _options = options;
        _faults = faults;
        _clock = options.TimeProvider;
        _ending = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        _stream = stream;
        _subscribed = state;
        _abort = abort;
        _subscriptionsChanged = subscriptionsChanged;
        _budget = new MessageBudget(options.MessagesPerSecond, TimeSpan.FromSeconds(1), _clock);
    }

    public bool WantsTrades
    {
        get
        {
            lock (_state) return _subscribed.Subscriptions.HasTrades;
        }
    }

    /// <summary>Symbols whose trades it has subscribed to.</summary>
    public int TradeStreams
    {
        get
        {
            lock (_state) return _subscribed.Subscriptions.Of(_subscribed.Variant).Count;
        }
    }

    public bool WantsKlines
    {
        get
        {
            lock (_state) return _subscribed.Subscriptions.Klines.Count > 0;
        }
    }

    public StreamVariant Variant
    {
        get
        {
            lock (_state) return _subscribed.Variant;
        }
    }

    /// <summary>Whether the client subscribed to trades in this form.</summary>
    public bool Wants(StreamVariant variant)
    {
        lock (_state) return _subscribed.Subscriptions.Of(variant).Count > 0;
    }

    /// <summary>Serves the client until either side ends it.</summary>
    public async Task RunAsync()
    {
        var writing = WriteAsync();
        var watching = KeepAliveAsync(_ending.Token);
        await ReadAsync();
        _outbound.Complete();
        await writing;
        await _ending.CancelAsync();
        await watching;
    }

    /// <summary>Cuts the connection, as a network does: no closing handshake, nothing more is sent.</summary>
    public void Abort()
    {
        lock (_state)
        {
            if (_disposed) return;

            // Not on this thread, which may be the feed's.
            _ = _ending.CancelAsync();
        }

        _abort();
    }

    /// <summary>Starts the closing handshake: what is queued is sent first, then nothing follows the close frame.</summary>
    public void Close(CloseCode code, string reason)
    {
        lock (_state)
        {
            if (_closing || _disposed) return;
            _closing = true;

            // A peer that takes nothing more, or never answers the close, is cut off.
            _ending.CancelAfter(_options.CloseTimeout);
        }

        Span<byte> payload = stackalloc byte[Frame.MaxControlPayload];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        Send(FrameKind.Close, payload[..(2 + Encoding.UTF8.GetBytes(reason, payload[2..]))]);
        _outbound.Complete();
    }

    /// <summary>Sends a <c>serverShutdown</c> event: the client is expected to move to a new connection at once.</summary>
    public void AnnounceShutdown()
    {
        var now = Timestamp.Now(_clock).Microseconds / (Variant.HasFlag(StreamVariant.Microseconds) ? 1 : 1000);
        SendEvent("!serverShutdown", string.Create(CultureInfo.InvariantCulture, $"{{\"e\":\"serverShutdown\",\"E\":{now}}}"));
    }

    /// <summary>Appends the trades of the batch that the client subscribed to, if it wants them in this variant.</summary>
    /// <param name="ordinals">The listing of each trade in <paramref name="frames"/>.</param>
    public void Offer(StreamVariant variant, TradeFrames frames, ReadOnlySpan<int> ordinals)
    {
        lock (_state)
        {
            var wanted = _subscribed.Subscriptions.Of(variant);
            if (_closing || _silent || wanted.Count == 0 || _subscribed.Variant != (variant & ~StreamVariant.Aggregate)) return;
            if (wanted.HasAll)
            {
                Append(frames.Slice(0, frames.Count));
                return;
            }

            for (var from = 0; from < ordinals.Length;)
            {
                if (!wanted.Has(ordinals[from]))
                {
                    from++;
                    continue;
                }

                var to = from + 1;
                while (to < ordinals.Length && wanted.Has(ordinals[to])) to++;
                Append(frames.Slice(from, to));
                from = to;
            }
        }
    }

    /// <summary>Sends the klines that the client subscribed to.</summary>
    public void OfferKlines(Action<KlineStream, bool, Action<string>> write)
    {
        KlineStream[] klines;
        lock (_state) klines = [.. _subscribed.Subscriptions.Klines];
        var microseconds = Variant.HasFlag(StreamVariant.Microseconds);
        foreach (var stream in klines) write(stream, microseconds, json => SendEvent(stream.Name, json));
    }

    /// <summary>Completes when the client has taken all but <paramref name="limit"/> bytes, or is gone.</summary>
    public ValueTask WhenAtMostAsync(int limit, CancellationToken cancellationToken) => _outbound.WhenAtMostAsync(limit, cancellationToken);

    public void Dispose()
    {
        lock (_state) _disposed = true;
        _outbound.Dispose();
        _ending.Dispose();
    }

    private void SendEvent(string stream, string json)
    {
        if (Variant.HasFlag(StreamVariant.Combined)) json = $"{{\"stream\":\"{stream}\",\"data\":{json}}}";
        Send(FrameKind.Text, Encoding.UTF8.GetBytes(json));
    }

    private void Send(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        if (_silent && kind != FrameKind.Close) return;
        var frame = ArrayPool<byte>.Shared.Rent(Frame.MaxHeaderLength + payload.Length);
        var header = Frame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame.AsSpan(header));
        Append(frame.AsSpan(0, header + payload.Length));
        ArrayPool<byte>.Shared.Return(frame);
    }

    private void Append(ReadOnlySpan<byte> frames)
    {
        // A client this far behind is cut off, as on the exchange; at full speed the feed waits before it comes to that.
        if (_outbound.Append(frames) <= _options.OutboundLimit) return;
        FellBehind = true;
        Abort();
    }
}
