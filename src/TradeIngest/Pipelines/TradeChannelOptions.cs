using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>What happens to a batch that finds the channel full.</summary>
internal enum FullPolicy
{
    /// <summary>Live: it is dropped and its ids become a gap to fetch again, since the exchange does not wait.</summary>
    Shed,

    /// <summary>
    /// The producer waits: a file can, and a socket is not read meanwhile (<see cref="BackpressuredConnection"/>). An exchange cuts a
    /// connection that takes too little.
    /// </summary>
    Wait,
}

/// <summary>Bounds of the hand-off.</summary>
internal sealed record TradeChannelOptions
{
    [Description("Batches that may wait between socket and log.")]
    [Within("1", "65536")]
    public int Batches { get; init; } = 256;

    /// <summary>
    /// 64 bytes for each trade a batch has room for. Exceeded as <see cref="Trades"/> is. The default is twice what the other bounds let a
    /// live stream take.
    /// </summary>
    [Description("Memory of the batches that may wait.")]
    [BytesWithin("64KiB", "16GiB")]
    public long Bytes { get; init; } = 32 << 20;

    /// <summary>Exceeded by one batch at most, and under <see cref="FullPolicy.Wait"/> by two of each connection.</summary>
    [Description("Trades that may wait.")]
    [Within("1", "1000000000")]
    public long Trades { get; init; } = 131_072;

    [Description("Events that are not batches and may wait, such as dead letters.")]
    [Within("1", "1048576")]
    public int EventReserve { get; init; } = 4096;

    /// <summary>Exceeded by one event.</summary>
    [Description("Memory of those events.")]
    [BytesWithin("64KiB", "1GiB")]
    public long EventBytes { get; init; } = 8 << 20;

    /// <summary>What is kept of a live stream's dead letters.</summary>
    public DeadLetterOptions DeadLetters { get; init; } = new();

    [Description("What happens to a batch that finds the channel full: Shed drops it and fetches its trades again; Wait reads no more from "
        + "the socket.")]
    public FullPolicy Policy { get; init; } = FullPolicy.Shed;
}
