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
    /// Trades that may wait, exceeded by one batch at most, and under <see cref="FullPolicy.Wait"/> by two of each connection. Default
    /// 131,072 (8 MB); from 1.
    /// </summary>
    public long Trades { get; init; } = 131_072;

    /// <summary>Room for events that are not batches. Default 4,096; 1 to 1,048,576.</summary>
    public int EventReserve { get; init; } = 4096;

    /// <summary>Default <see cref="FullPolicy.Shed"/>.</summary>
    public FullPolicy Policy { get; init; } = FullPolicy.Shed;

    /// <summary>Every fault, with the range it leaves.</summary>
    public IEnumerable<string> Validate()
    {
        if (Batches is < 1 or > 65_536) yield return $"Batches {Batches} is not within 1 to 65,536";
        if (Trades < 1) yield return $"Trades {Trades} is not positive";
        if (EventReserve is < 1 or > 1 << 20) yield return $"EventReserve {EventReserve} is not within 1 to 1,048,576";
    }
}
