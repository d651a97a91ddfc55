using System.Buffers.Binary;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>Operation codes of RFC 6455, section 11.8.</summary>
internal enum FrameKind : byte
{
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

/// <summary>
/// Headers of frames from server to client, which are not masked. Written here and not by the platform's WebSocket, which sends a
/// message per call, no ping of a chosen payload, and nothing that is wrong: what an exchange, and a test of a client, need.
/// </summary>
internal static class Frame
{
    public const int MaxHeaderLength = 10;

    /// <summary>Payload bytes a control frame may have.</summary>
    public const int MaxControlPayload = 125;

    public static int WriteHeader(Span<byte> destination, FrameKind kind, int payloadLength) =>
        WriteHeader(destination, (byte)(0x80 | (byte)kind), payloadLength);

    /// <param name="first">Final bit, reserved bits and opcode, right or wrong.</param>
    public static int WriteHeader(Span<byte> destination, byte first, int payloadLength)
    {
        destination[0] = first;
        if (payloadLength <= 125)
        {
            destination[1] = (byte)payloadLength;
            return 2;
        }

        if (payloadLength <= ushort.MaxValue)
        {
            destination[1] = 126;
            BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
            return 4;
        }

        destination[1] = 127;
        BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
        return 10;
    }
}

/// <summary>Status codes of RFC 6455, section 7.4.1, that this server sends.</summary>
internal enum CloseCode
{
    Normal = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    UnsupportedData = 1003,
    InvalidPayload = 1007,
    PolicyViolation = 1008,
    MessageTooBig = 1009,
}
