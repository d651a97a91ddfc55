using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// The two to ten bytes before the payload of a frame from a server, which does not mask (RFC 6455, section 5.2).
/// </summary>
/// <param name="First">Final bit, three reserved bits, opcode.</param>
/// <param name="Length">Of the header itself, without a mask.</param>
/// <param name="PayloadLength">Negative when the peer set the bit that must be zero.</param>
internal readonly record struct FrameHeader(byte First, bool IsMasked, int Length, long PayloadLength)
{
    /// <summary>Payload bytes a control frame may have.</summary>
    public const int MaxControlPayload = 125;

    private const byte WholeText = 0x81;
    private const byte WholeBinary = 0x82;
    private const byte FinalBit = 0x80;
    private const byte ReservedBits = 0x70;

    public bool IsFinal => (First & FinalBit) != 0;

    public Opcode Opcode => (Opcode)(First & 0x0F);

    public bool IsControl => Opcode >= Opcode.Close;

    /// <summary>Whether it is a message by itself that breaks no rule: nearly every frame.</summary>
    public bool IsWholeMessage => First is WholeText or WholeBinary && !IsMasked && PayloadLength >= 0;

    /// <returns>False when there are too few bytes for a header.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> bytes, out FrameHeader header)
    {
        header = default;
        if (bytes.Length < 2) return false;

        var isMasked = (bytes[1] & 0x80) != 0;
        var length = bytes[1] & 0x7F;
        switch (length)
        {
            case 126:
                if (bytes.Length < 4) return false;
                header = new FrameHeader(bytes[0], isMasked, 4, BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
                return true;
            case 127:
                if (bytes.Length < 10) return false;
                header = new FrameHeader(bytes[0], isMasked, 10, BinaryPrimitives.ReadInt64BigEndian(bytes[2..]));
                return true;
            default:
                header = new FrameHeader(bytes[0], isMasked, 2, length);
                return true;
        }
    }

    /// <param name="isContinuing">Whether a message was begun and not ended.</param>
    /// <param name="fault">Which rule it breaks, for a person.</param>
    public bool IsFaulty(bool isContinuing, [NotNullWhen(true)] out string? fault)
    {
        fault = this switch
        {
            { IsMasked: true } => "a masked frame",
            { First: var first } when (first & ReservedBits) != 0 => "reserved bits, though no extension was agreed on",
            { PayloadLength: < 0 } => "a length of more than 63 bits",
            { IsControl: true, PayloadLength: > MaxControlPayload } or { IsControl: true, IsFinal: false } => "a long or divided control frame",
            { Opcode: > Opcode.Pong or (> Opcode.Binary and < Opcode.Close) } => $"a frame of the unknown kind {(int)Opcode}",
            { Opcode: Opcode.Continuation } when !isContinuing => "a continuation of nothing",
            { Opcode: Opcode.Text or Opcode.Binary } when isContinuing => "a new message within another",
            _ => null,
        };
        return fault is not null;
    }
}
