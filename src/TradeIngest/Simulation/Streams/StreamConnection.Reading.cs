using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace Crypto.TradeIngest.Simulation.Streams;

internal sealed partial class StreamConnection
{
    /// <summary>Whether the client was cut off because too many bytes waited for it.</summary>
    public bool FellBehind { get; private set; }

    private async Task ReadAsync()
    {
        var reader = new FrameReader(_stream);
        try
        {
            while (await reader.ReadAsync(_ending.Token) is { } message)
            {
                if (message.Kind == FrameKind.Close)
                {
                    AnswerClose(message.Payload.Span);
                    return;
                }

                if (!_budget.TrySpend()) Close(CloseCode.PolicyViolation, "Too many requests");
                else await AnswerAsync(message);
            }
        }
        catch (FrameException error)
        {
            Close(error.Code, error.Message);
        }
        catch (Exception error) when (IsGone(error))
        {
            // The peer, or a fault, ended the connection: nobody is left to tell.
            _abort();
        }
    }

    private async ValueTask AnswerAsync(ClientMessage message)
    {
        switch (message.Kind)
        {
            case FrameKind.Ping:
                Send(FrameKind.Pong, message.Payload.Span);
                break;
            case FrameKind.Pong:
                AcceptPong(message.Payload.Span);
                break;
            case FrameKind.Binary:
                Close(CloseCode.UnsupportedData, "Requests are text");
                break;
            case FrameKind.Text when message.Payload.Length <= ControlProtocol.MaxRequestLength:
                if (_faults.Latency is { Ticks: > 0 } delay) await Task.Delay(delay, _clock, _ending.Token);
                Answer(message.Payload);
                break;
        }
    }

    private void Answer(ReadOnlyMemory<byte> request)
    {
        var reply = new ArrayBufferWriter<byte>();
        lock (_state)
        {
            ControlProtocol.Handle(request, _subscribed, reply);
            if (_closing) return;
            Send(FrameKind.Text, reply.WrittenSpan);
        }

        _subscriptionsChanged();
    }

    private void AnswerClose(ReadOnlySpan<byte> payload)
    {
        lock (_state)
        {
            if (_closing) return;
            _closing = true;
        }

        var code = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : (ushort)0;
        var valid = payload.IsEmpty || (payload.Length >= 2 && code is >= 1000 and < 5000 and not (1004 or 1005 or 1006 or 1015));
        Span<byte> refusal = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(refusal, (ushort)CloseCode.ProtocolError);
        Send(FrameKind.Close, valid ? payload[..Math.Min(payload.Length, 2)] : refusal);
    }

    private async Task WriteAsync()
    {
        try
        {
            await _outbound.RunAsync(_stream, _ending.Token);
        }
        catch (Exception error) when (IsGone(error))
        {
            await _ending.CancelAsync();
        }
    }

    private static bool IsGone(Exception error) =>
        error is IOException or SocketException or OperationCanceledException or ObjectDisposedException;
}
