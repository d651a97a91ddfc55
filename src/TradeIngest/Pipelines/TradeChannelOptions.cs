namespace Crypto.TradeIngest.Pipelines;

/// <summary>What happens to a batch that finds the channel full.</summary>
internal enum FullPolicy
{
    /// <summary>Live: it is dropped and its ids become a gap to fetch again, since the exchange does not wait.</summary>
    Shed,

    /// <summary>
    /// The producer waits: a file can, and a socket is not read meanwhile (<see cref="PacedConnection"/>). An exchange cuts a connection
    /// that takes too little.
    /// </summary>
    Wait,
}

/// <summary>Bounds of the hand-off.</summary>
internal sealed record TradeChannelOptions
{
    /// <summary>Batches that may wait. Default 256; 1 to 65,536.</summary>
    public int Batches { get; init; } = 256;

    /// <summary>
    /// Memory of batches that may wait, in bytes: 64 for each trade a batch has room for. Exceeded as <see cref="Trades"/> is. Default
    /// 33,554,432, twice what the other bounds let a live stream take; 65,536 to 16 GiB.
    /// </summary>
    public long Bytes { get; init; } = 32 << 20;

    /// <summary>
    /// Trades that may wait, exceeded by one batch at most, and under <see cref="FullPolicy.Wait"/> by two of each connection. Default
    /// 131,072 (8 MB); from 1.
    /// </summary>
    public long Trades { get; init; } = 131_072;

    /// <summary>Room for events that are not batches. Default 4,096; 1 to 1,048,576.</summary>
    public int EventReserve { get; init; } = 4096;

    /// <summary>Memory of events that are not batches, in bytes, exceeded by one event. Default 8,388,608; 65,536 to 1 GiB.</summary>
    public long EventBytes { get; init; } = 8 << 20;

    /// <summary>What is kept of a live stream's dead letters.</summary>
    public DeadLetterOptions DeadLetters { get; init; } = new();

    /// <summary>Default <see cref="FullPolicy.Shed"/>.</summary>
    public FullPolicy Policy { get; init; } = FullPolicy.Shed;

    /// <summary>Every fault, each with the range it leaves; none when the options can be used.</summary>
    public IEnumerable<string> Validate()
    {
        if (Batches is < 1 or > 65_536) yield return $"Batches {Batches} is not within 1 to 65,536";
        if (Bytes is < 65_536 or > 16L << 30) yield return $"Bytes {Bytes} is not within 65,536 to 17,179,869,184";
        if (Trades < 1) yield return $"Trades {Trades} is not positive";
        if (EventReserve is < 1 or > 1 << 20) yield return $"EventReserve {EventReserve} is not within 1 to 1,048,576";
        if (EventBytes is < 65_536 or > 1 << 30) yield return $"EventBytes {EventBytes} is not within 65,536 to 1,073,741,824";
        foreach (var fault in DeadLetters.Validate()) yield return $"DeadLetters: {fault}";
    }
}
