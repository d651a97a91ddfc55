using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// Takes messages out of what a server sends. Reads as much as is there, hundreds of frames with one system call, and serves each
/// message from where it lies. Answers pings and the close, and refuses what RFC 6455 forbids with a <see cref="WebSocketException"/>.
/// One reader at a time.
/// </summary>
/// <param name="bound">Largest message kept; the rest of a larger one is read and dropped.</param>
internal sealed class FrameReader(Stream stream, FrameWriter writer, int bound) : IDisposable
{
    private const int Size = 64 * 1024;

    private readonly byte[] _bytes = new byte[Size];
    private int _start;
    private int _end;

    // A message in pieces, or larger than the bytes above.
    private readonly MessageBuffer _pieces = new(bound);
    private Opcode? _begun;

    private long _reads;

    /// <summary>How often something came, so that a peer that fell silent can be told; from any thread.</summary>
    public long Reads => Volatile.Read(ref _reads);

    /// <summary>See <see cref="IWebSocketConnection.ReceiveAsync"/>.</summary>
    public ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken token)
    {
        var unread = _bytes.AsSpan(_start, _end - _start);
        if (_begun is not null || !FrameHeader.TryRead(unread, out var header) || !header.IsWholeMessage
            || header.PayloadLength > Math.Min(unread.Length - header.Length, bound) || token.IsCancellationRequested
            || !IsValid(header.Opcode, unread.Slice(header.Length, (int)header.PayloadLength)))
        {
            return CollectAsync(token);
        }

        return ValueTask.FromResult(ReceivedMessage.Data(Take(header)));
    }

    public void Dispose() => _pieces.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReceivedMessage> CollectAsync(CancellationToken token)
    {
        while (true)
        {
            token.ThrowIfCancellationRequested();
            FrameHeader header;
            while (!FrameHeader.TryRead(_bytes.AsSpan(_start, _end - _start), out header)) await FillAsync(token);
            if (header.IsFaulty(_begun is not null, out var fault)) throw await RefuseAsync(WebSocketCloseStatus.ProtocolError, fault, token);

            if (header.IsControl)
            {
                while (_end - _start < header.Length + header.PayloadLength) await FillAsync(token);
                if (await AnswerAsync(header, token) is { } closed) return closed;
            }
            else if (header.IsWholeMessage && header.PayloadLength <= Math.Min(Size - header.Length, bound))
            {
                while (_end - _start < header.Length + header.PayloadLength) await FillAsync(token);
                var payload = Take(header);
                return IsValid(header.Opcode, payload.Span) ? ReceivedMessage.Data(payload) : throw await RefuseTextAsync(token);
            }
            else if (await AppendAsync(header, token) is { } whole)
            {
                return whole;
            }
        }
    }

    // Text is checked here and not left to the parser: RFC 6455 ends a connection that sends anything but UTF-8 as text.
    private static bool IsValid(Opcode opcode, ReadOnlySpan<byte> payload) => opcode == Opcode.Binary || Utf8.IsValid(payload);

    private Memory<byte> Take(in FrameHeader header)
    {
        var payload = _bytes.AsMemory(_start + header.Length, (int)header.PayloadLength);
        _start += header.Length + payload.Length;
        return payload;
    }

    private async ValueTask<ReceivedMessage?> AppendAsync(FrameHeader header, CancellationToken token)
    {
        if (_begun is null) _pieces.Clear();
        _begun ??= header.Opcode;
        _start += header.Length;
        for (var left = header.PayloadLength; left > 0;)
        {
            if (_start == _end) await FillAsync(token);
            var room = _pieces.Free;
            var count = (int)Math.Min(Math.Min(left, _end - _start), room.Length);
            _bytes.AsSpan(_start, count).CopyTo(room.Span);
            _pieces.Advance(count);
            _start += count;
            left -= count;
        }

        if (!header.IsFinal) return null;
        var opcode = _begun.Value;
        _begun = null;
        var message = _pieces.ToMessage();
        return message.Kind == MessageKind.TooLarge || IsValid(opcode, message.Payload.Span) ? message : throw await RefuseTextAsync(token);
    }

    private async ValueTask<ReceivedMessage?> AnswerAsync(FrameHeader header, CancellationToken token)
    {
        var payload = Take(header);
        switch (header.Opcode)
        {
            case Opcode.Ping:
                await writer.WriteAsync(Opcode.Pong, payload, token);
                return null;
            case Opcode.Close when payload.IsEmpty:
                await SayCloseAsync(payload, token);
                return ReceivedMessage.Closed(WebSocketCloseStatus.Empty, null);
            case Opcode.Close:
                if (payload.Length < 2 || !IsStatus(BinaryPrimitives.ReadUInt16BigEndian(payload.Span)) || !Utf8.IsValid(payload.Span[2..]))
                {
                    throw await RefuseAsync(WebSocketCloseStatus.ProtocolError, "a close without a reason it may have", token);
                }

                await SayCloseAsync(payload[..2], token);
                return ReceivedMessage.Closed((WebSocketCloseStatus)BinaryPrimitives.ReadUInt16BigEndian(payload.Span), Encoding.UTF8.GetString(payload.Span[2..]));
            default:
                return null;
        }

        // Sections 7.4.1 and 7.4.2, and what the registry of IANA added since.
        static bool IsStatus(ushort code) => code is >= 1000 and <= 1003 or >= 1007 and <= 1014 or >= 3000 and < 5000;
    }

    private async ValueTask<WebSocketException> RefuseAsync(WebSocketCloseStatus status, string fault, CancellationToken token)
    {
        var code = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(code, (ushort)status);
        await SayCloseAsync(code, token);
        return new WebSocketException(WebSocketError.Faulted, $"The server sent {fault}.");
    }

    private ValueTask<WebSocketException> RefuseTextAsync(CancellationToken token) =>
        RefuseAsync(WebSocketCloseStatus.InvalidPayloadData, "text that is not UTF-8", token);

    private async ValueTask SayCloseAsync(ReadOnlyMemory<byte> code, CancellationToken token)
    {
        try
        {
            await writer.WriteAsync(Opcode.Close, code, token);
        }
        catch (IOException)
        {
            // Gone already: it need not hear that we leave too.
        }
    }

    private async ValueTask FillAsync(CancellationToken token)
    {
        // At most the beginning of one frame.
        _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
        (_start, _end) = (0, _end - _start);
        var count = await stream.ReadAsync(_bytes.AsMemory(_end), token);
        if (count == 0) throw new WebSocketException(WebSocketError.ConnectionClosedPrematurely, "The server hung up without closing.");
        _end += count;
        Volatile.Write(ref _reads, _reads + 1);
    }
}
