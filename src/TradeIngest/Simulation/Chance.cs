using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation;

/// <summary>Which of a sequence of events a fault hits: the same ones for the same seed. Immutable, thread-safe.</summary>
/// <param name="share">Of all events, 0 to 1.</param>
internal sealed class Chance(ulong seed, double share)
{
    // 53 bits are what a double holds exactly: 0 never hits, and 1 always does.
    private const int Bits = 53;

    public static Chance Never { get; } = new(0, 0);

    public bool Hits(long index) => share > 0 && (Noise.At(seed, index) >> (64 - Bits)) < share * (1L << Bits);
}
