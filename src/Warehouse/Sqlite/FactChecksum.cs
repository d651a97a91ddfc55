using System.Numerics;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// A 64-bit checksum of what a row of <c>FACT_TRADES</c> took over from its trade; what is derived from it (version, amount, flags) is
/// recomputed by the audits. Another value of any one field gives another checksum, surely. Added up over a segment, in any order, it tells
/// whether the segment holds what was written.
/// </summary>
internal static class FactChecksum
{
    public static long Of(long rowId, long tradeId, long tradeTime, long price, long quantity, long aggressor, long source)
    {
        // Each step is a bijection of the field it takes in, so no single field can change without the result.
        var hash = Mix(0x9E3779B97F4A7C15, rowId);
        hash = Mix(hash, tradeId);
        hash = Mix(hash, tradeTime);
        hash = Mix(hash, price);
        hash = Mix(hash, quantity);
        return (long)Mix(hash, (aggressor << 8) ^ source);
    }

    private static ulong Mix(ulong hash, long field)
    {
        hash = (hash ^ (ulong)field) * 0xBF58476D1CE4E5B9;
        return BitOperations.RotateLeft(hash, 29) * 0x94D049BB133111EB;
    }
}
