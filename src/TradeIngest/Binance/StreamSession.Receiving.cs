using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Binance;

internal sealed partial class StreamSession
{
    /// <summary>Bytes kept of a message that was too large: enough to see what it was.</summary>
    private const int TooLargeSample = 4096;

    /// <summary>Most messages that share a received time: at full speed some ten microseconds' worth.</summary>
    private const int FramesPerClock = 32;

    // Owned by the receive loop, not shared.
    private TradeBatch? _batch;
    private long _frames;
    private long _bytes;

    /// <summary>
    /// Receives for ever. A batch ends when it is full or when the socket has nothing more ready: no timer, so a lone trade
    /// leaves at once and a burst leaves together.
    /// </summary>
    private async Task<string> ReceiveAsync(CancellationToken cancellationToken)
    {
        var received = Timestamp.Now(_clock);
        var sameTime = 0;
        try
        {
            while (true)
            {
                var receive = _connection.ReceiveAsync(cancellationToken);
                var isReady = receive.IsCompleted;
                if (!isReady) Flush();
                var message = await receive;

                // Messages that were ready came with the one before, so they share its time.
                if (!isReady || ++sameTime >= FramesPerClock)
                {
                    received = Timestamp.Now(_clock);
                    sameTime = 0;
                }

                if (message.Kind == MessageKind.Closed) return message.CloseReason ?? "closed by the exchange";
                _frames++;
                _bytes += message.Length;
                if (message.Kind == MessageKind.Data) Take(message.Payload, received);
                else RejectTooLarge(message, received);
            }
        }
        finally
        {
            Flush();
            _batch?.Dispose();
            _batch = null;
        }
    }

    private void Take(ReadOnlyMemory<byte> frame, Timestamp received)
    {
        switch (FrameParser.Parse(frame.Span, _context.Symbols.Table, received, IngestSource.Stream, out var trade, out var reason))
        {
            case FrameKind.Trade:
                _batch ??= TradeBatch.Rent(_options.BatchCapacity);
                _batch.Add(in trade);
                if (_batch.Count >= _options.BatchCapacity) Flush();
                break;
            case FrameKind.ControlReply or FrameKind.ErrorReply:
                TakeReply(frame, received);
                break;
            case FrameKind.ServerShutdown:
                _metrics.ControlMessages.Increment();
                _logger.ShutdownAnnounced();
                _shutdown.TrySetResult();
                break;
            case FrameKind.OtherEvent:
                _metrics.OtherEvents.Increment();
                break;
            default:
                Reject(reason, $"stream frame: {reason.Name()}", received, frame.Span);
                break;
        }
    }

    private void TakeReply(ReadOnlyMemory<byte> frame, Timestamp received)
    {
        if (ControlReply.Parse(frame) is not { } reply)
        {
            Reject(ErrorReason.MalformedJson, "unreadable reply", received, frame.Span);
            return;
        }

        _metrics.ControlMessages.Increment();
        if (!_requests.Accept(reply)) _logger.UnexpectedReply(reply);
    }

    private void Reject(ErrorReason reason, string detail, Timestamp received, ReadOnlySpan<byte> payload) =>
        Reject(DeadLetter.Of(reason, detail, IngestSource.Stream, received, payload, _options.DeadLetterBytes));

    private void RejectTooLarge(in ReceivedMessage message, Timestamp received)
    {
        var sample = message.Payload.Span[..Math.Min(TooLargeSample, message.Payload.Length)];
        var detail = $"message of {message.Length} bytes; the first {sample.Length} are kept";
        Reject(new DeadLetter(ErrorReason.TooLarge, detail, IngestSource.Stream, received, sample.ToArray()) { Length = message.Length });
    }

    private void Reject(DeadLetter letter)
    {
        // What came before stays before.
        Flush();
        _metrics.DeadLetters[letter.Reason.Name()].Increment();
        _context.Events.OnNext(letter);
    }

    private void Flush()
    {
        if (_frames > 0)
        {
            // Per hand-over, not per frame: the shards share these cache lines.
            _metrics.Frames.Add(_frames);
            _metrics.Bytes.Add(_bytes);
            _frames = 0;
            _bytes = 0;
        }

        if (_batch is not { Count: > 0 } batch) return;
        _batch = null;
        _metrics.Batches.Increment();
        _metrics.Trades.Add(batch.Count);
        _watch.Count(batch.Trades);
        _context.Events.OnNext(batch);
    }
}
