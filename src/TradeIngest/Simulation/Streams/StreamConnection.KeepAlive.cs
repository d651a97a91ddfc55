using System.Buffers.Text;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Streams;

internal sealed partial class StreamConnection
{
    private readonly Lock _pinging = new();
    private readonly Queue<(long Payload, long SentAt)> _unanswered = new();
    private volatile bool _silent;

    /// <summary>Pings on schedule, and ends the connection when a pong stays out or its lifetime is over.</summary>
    private async Task KeepAliveAsync(CancellationToken cancellationToken)
    {
        var start = _clock.GetTimestamp();
        var nextPing = _options.PingInterval;
        try
        {
            while (true)
            {
                var age = _clock.GetElapsedTime(start);
                if (age >= _faults.Lifetime)
                {
                    AnnounceShutdown();
                    Close(CloseCode.GoingAway, "Connection life is over");
                    return;
                }

                if (age >= _faults.Stall) _silent = true;
                if (IsPongOverdue(out var pongDue))
                {
                    Close(CloseCode.PolicyViolation, "Pong timeout");
                    return;
                }

                if (age >= nextPing)
                {
                    Ping();
                    nextPing += _options.PingInterval;
                    continue;
                }

                var wait = Min(Min(nextPing, _faults.Lifetime) - age, _silent ? pongDue : Min(_faults.Stall - age, pongDue));
                await Task.Delay(wait, _clock, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection ended by another way.
        }
    }

    private void Ping()
    {
        var payload = Timestamp.Now(_clock).Microseconds;
        if (_silent) return;
        lock (_pinging) _unanswered.Enqueue((payload, _clock.GetTimestamp()));
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(payload, text, out var length);
        Send(FrameKind.Ping, text[..length]);
    }

    /// <summary>A pong counts when it carries the payload of a ping; it then answers every ping up to that one.</summary>
    private void AcceptPong(ReadOnlySpan<byte> payload)
    {
        if (!Utf8Parser.TryParse(payload, out long answered, out var length) || length != payload.Length) return;
        lock (_pinging)
        {
            if (!_unanswered.Any(ping => ping.Payload == answered)) return;
            while (_unanswered.Dequeue().Payload != answered)
            {
            }
        }
    }

    private bool IsPongOverdue(out TimeSpan due)
    {
        lock (_pinging)
        {
            due = _unanswered.TryPeek(out var oldest) ? _options.PongTimeout - _clock.GetElapsedTime(oldest.SentAt) : TimeSpan.MaxValue;
        }

        return due <= TimeSpan.Zero;
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
