using System.Buffers.Binary;
using System.Text.Unicode;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>A message or control frame from a client. The payload is valid until the next read.</summary>
internal readonly record struct ClientMessage(FrameKind Kind, ReadOnlyMemory<byte> Payload);

/// <summary>The client broke RFC 6455; the connection is closed with the code.</summary>
internal sealed class FrameException(CloseCode code, string message) : IngestException(message)
{
    public CloseCode Code { get; } = code;
}

/// <summary>
/// Reads what a client sends: unmasks, joins fragments, lets control frames pass between fragments, and refuses what RFC 6455
/// forbids. One reader per connection; not thread-safe.
/// </summary>
internal sealed class FrameReader(Stream stream)
{
    /// <summary>Bytes of the longest message taken in: far beyond any control message.</summary>
    public const int MaxMessageLength = 256 * 1024;

    private byte[] _buffer = new byte[8 * 1024];
    private int _start;
    private int _end;

    private byte[] _message = [];
    private int _messageLength;
    private FrameKind? _fragmented;

    /// <returns>The next message, or null when the peer ended the connection without a closing handshake.</returns>
    /// <exception cref="FrameException">The bytes break the protocol.</exception>
    public async ValueTask<ClientMessage?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!await FillAsync(2, cancellationToken)) return null;
            var (final, kind, length) = ReadStart(out var extended);
            if (extended > 0)
            {
                if (!await FillAsync(2 + extended, cancellationToken)) return null;
                length = extended == 2
                    ? BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start + 2))
                    : BinaryPrimitives.ReadInt64BigEndian(_buffer.AsSpan(_start + 2));
            }

            if (length < 0 || length > MaxMessageLength - _messageLength)
            {
                throw new FrameException(CloseCode.MessageTooBig, "Message too big");
            }

            var header = 2 + extended + 4;
            if (!await FillAsync(header + (int)length, cancellationToken)) return null;

            var payload = _buffer.AsMemory(_start + header, (int)length);
            Unmask(payload.Span, _buffer.AsSpan(_start + header - 4, 4));
            _start += header + (int)length;
            if (Accept(final, kind, payload) is { } message) return message;
        }
    }

    private (bool Final, FrameKind Kind, long Length) ReadStart(out int extended)
    {
        var first = _buffer[_start];
        var second = _buffer[_start + 1];
        var final = (first & 0x80) != 0;
        var kind = (FrameKind)(first & 0x0F);
        if ((first & 0x70) != 0) throw new FrameException(CloseCode.ProtocolError, "Reserved bits are set");
        if (!Enum.IsDefined(kind)) throw new FrameException(CloseCode.ProtocolError, "Unknown opcode");
        if ((second & 0x80) == 0) throw new FrameException(CloseCode.ProtocolError, "Client frames must be masked");

        var length = second & 0x7F;
        extended = length switch { 126 => 2, 127 => 8, _ => 0 };
        if (kind >= FrameKind.Close && (!final || length > Frame.MaxControlPayload))
        {
            throw new FrameException(CloseCode.ProtocolError, "Control frames are short and whole");
        }

        return (final, kind, length);
    }

    private ClientMessage? Accept(bool final, FrameKind kind, ReadOnlyMemory<byte> payload)
    {
        if (kind >= FrameKind.Close) return new ClientMessage(kind, payload);
        if (kind == FrameKind.Continuation == _fragmented is null)
        {
            throw new FrameException(CloseCode.ProtocolError, "Fragments are out of order");
        }

        if (final && _fragmented is null) return Checked(kind, payload);

        _fragmented ??= kind;
        if (_messageLength + payload.Length > _message.Length) Array.Resize(ref _message, Math.Max(_messageLength + payload.Length, 4096));
        payload.Span.CopyTo(_message.AsSpan(_messageLength));
        _messageLength += payload.Length;
        if (!final) return null;

        var whole = Checked(_fragmented.Value, _message.AsMemory(0, _messageLength));
        _fragmented = null;
        _messageLength = 0;
        return whole;
    }

    private static ClientMessage Checked(FrameKind kind, ReadOnlyMemory<byte> payload) =>
        kind == FrameKind.Text && !Utf8.IsValid(payload.Span)
        ? throw new FrameException(CloseCode.InvalidPayload, "Text is not UTF-8")
        : new ClientMessage(kind, payload);

    private static void Unmask(Span<byte> payload, ReadOnlySpan<byte> key)
    {
        for (var i = 0; i < payload.Length; i++) payload[i] ^= key[i & 3];
    }

    private async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_end - _start >= count) return true;
        if (_start + count > _buffer.Length)
        {
            var roomier = count > _buffer.Length ? new byte[Math.Max(count, _buffer.Length * 2)] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(roomier);
            (_buffer, _end, _start) = (roomier, _end - _start, 0);
        }

        while (_end - _start < count)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0) return false;
            _end += read;
        }

        return true;
    }
}
