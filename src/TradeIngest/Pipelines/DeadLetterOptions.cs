using System.ComponentModel;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>What is kept of a live stream's dead letters: each one up to these bounds, the rest as a summary by reason.</summary>
internal sealed record DeadLetterOptions : IOptionRules
{
    [Description("Bytes kept of one dead letter's payload.")]
    [BytesWithin("256B", "512KiB")]
    public int PayloadBytes { get; init; } = DeadLetter.DefaultPayloadBytes;

    [Description("Dead letters of one window that are written one by one; the rest is summarized by reason.")]
    [Within("1", "1000000")]
    public int Letters { get; init; } = 10_000;

    [Description("Bytes of their payloads, as kept; at least PayloadBytes.")]
    [BytesWithin("256B", "1GiB")]
    public long Bytes { get; init; } = 4 << 20;

    [Description("The time over which dead letters are counted, and after which a summary is written.")]
    [Within("1s", "10m")]
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    public IEnumerable<OptionFault> Faults()
    {
        if (Bytes < PayloadBytes) yield return new(nameof(Bytes), "is less than PayloadBytes");
    }
}
