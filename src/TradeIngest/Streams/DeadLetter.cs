using System.Security.Cryptography;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Streams;

/// <summary>
/// Bytes that could not become a trade, with the reason, on their way to <c>stock_trades_dlq</c>. With a <see cref="Count"/> above one it
/// is the summary of as many dead letters (see <c>DeadLetterFlood</c>).
/// </summary>
/// <param name="Reason">Why.</param>
/// <param name="Detail">Where and what, for a person: never empty.</param>
/// <param name="Source">How the bytes reached us.</param>
/// <param name="ReceivedTime">When they did; of a summary, when the last of them did.</param>
/// <param name="Payload">The bytes as received, or the first of them; of a summary, samples with a line feed between two.</param>
internal sealed record DeadLetter(
    ErrorReason Reason, string Detail, IngestSource Source, Timestamp ReceivedTime, byte[] Payload) : StreamEvent
{
    /// <summary>Bytes kept of a payload, unless an option says otherwise: 64 KiB.</summary>
    public const int DefaultPayloadBytes = 64 << 10;

    /// <summary>Dead letters it stands for.</summary>
    public long Count { get; init; } = 1;

    /// <summary>Bytes received, of all it stands for.</summary>
    public long Length { get; init; } = Payload.Length;

    /// <summary>When the first of them was received.</summary>
    public Timestamp FirstTime { get; init; } = ReceivedTime;

    /// <summary>Whether the payload is everything that was received, so that it may be parsed again.</summary>
    public bool IsWhole => Count == 1 && Length == Payload.Length;

    /// <summary>Keeps at most <paramref name="payloadBytes"/>; of a longer payload the detail has the length and the SHA-256.</summary>
    public static DeadLetter Of(
        ErrorReason reason, string detail, IngestSource source, Timestamp received, ReadOnlySpan<byte> payload,
        int payloadBytes = DefaultPayloadBytes)
    {
        if (payload.Length <= payloadBytes) return new DeadLetter(reason, detail, source, received, payload.ToArray());
        var hash = Convert.ToHexStringLower(SHA256.HashData(payload));
        var longer = $"{detail}; {payload.Length} bytes with the SHA-256 {hash}, of which the first are kept";
        return new DeadLetter(reason, longer, source, received, payload[..payloadBytes].ToArray()) { Length = payload.Length };
    }

    public override int MemoryBytes() => base.MemoryBytes() + Payload.Length + (Detail.Length * sizeof(char));
}
