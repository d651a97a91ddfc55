using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>What is kept of a live stream's dead letters: each one up to these bounds, the rest as a summary by reason.</summary>
internal sealed record DeadLetterOptions
{
    /// <summary>Bytes kept of one payload. Default 65,536; 256 to 524,288.</summary>
    public int PayloadBytes { get; init; } = DeadLetter.DefaultPayloadBytes;

    /// <summary>Dead letters of one <see cref="Window"/> that are written one by one. Default 10,000; 1 to 1,000,000.</summary>
    public int Letters { get; init; } = 10_000;

    /// <summary>Bytes of their payloads, as kept. Default 4,194,304; from <see cref="PayloadBytes"/> to 1 GiB.</summary>
    public long Bytes { get; init; } = 4 << 20;

    /// <summary>The time over which they are counted, and after which a summary is written. Default 10 s; 1 s to 10 min.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Every fault, each with the range it leaves; none when the options can be used.</summary>
    public IEnumerable<string> Validate()
    {
        if (PayloadBytes is < 256 or > 512 << 10) yield return $"PayloadBytes {PayloadBytes} is not within 256 to 524,288";
        if (Letters is < 1 or > 1_000_000) yield return $"Letters {Letters} is not within 1 to 1,000,000";
        if (Bytes < PayloadBytes || Bytes > 1 << 30) yield return $"Bytes {Bytes} is not within {PayloadBytes} (PayloadBytes) to 1,073,741,824";
        var (shortest, longest) = (TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        if (Window < shortest || Window > longest) yield return $"Window {Window} is not within {shortest} to {longest}";
    }
}
