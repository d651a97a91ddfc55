using System.Text;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// Repeatable noise by integer hashing: the same bits on every processor, with no state to carry, so that any trade of the
/// market can be computed alone.
/// </summary>
internal static class Noise
{
    /// <summary>64 well-mixed bits for the <paramref name="index"/>-th draw of a sequence.</summary>
    public static ulong At(ulong seed, long index)
    {
        var x = seed + ((ulong)index * 0x9E3779B97F4A7C15UL);
        x ^= x >> 32;
        x *= 0xD6E8FEB86659FD93UL;
        x ^= x >> 32;
        x *= 0xD6E8FEB86659FD93UL;
        return x ^ (x >> 32);
    }

    /// <summary>The seed of everything drawn for one name.</summary>
    public static ulong Seed(long seed, string name)
    {
        // FNV-1a over the UTF-8 form, then mixed.
        var hash = 14695981039346656037UL;
        foreach (var b in Encoding.UTF8.GetBytes(name)) hash = (hash ^ b) * 1099511628211UL;
        return At(hash, seed);
    }
}
