using System.Net.WebSockets;

namespace Crypto.TradeIngest.Streams;

internal enum MessageKind
{
    Data,

    /// <summary>Larger than the bound; the payload is its beginning, the rest was read and dropped.</summary>
    TooLarge,

    /// <summary>The peer closed; nothing follows.</summary>
    Closed,
}

/// <param name="Payload">Owned by the connection, valid until its next receive.</param>
/// <param name="Length">Bytes the message had; more than the payload's when it was too large.</param>
/// <param name="CloseReason">Status and words of the peer when it closed.</param>
internal readonly record struct ReceivedMessage(MessageKind Kind, ReadOnlyMemory<byte> Payload, long Length, string? CloseReason)
{
    public static ReceivedMessage Data(ReadOnlyMemory<byte> payload) => new(MessageKind.Data, payload, payload.Length, null);

    public static ReceivedMessage Closed(WebSocketCloseStatus? status, string? words) =>
        new(MessageKind.Closed, default, 0, $"closed by the exchange: {(int?)status} {words}".TrimEnd());
}
