using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The surrogate key of one version: the first 63 bits of SHA-256 over exchange, ticker and valid from. Any process that sees the
/// same changes computes the same keys, without asking a sequence. Among a million versions the odds that two collide are
/// one in ten million; the warehouse refuses a collision instead of storing it.
/// </summary>
public static class SymbolKey
{
    public static long Of(NaturalKey key, Timestamp validFrom)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{key.Exchange}\0{key.Ticker}\0{validFrom.Microseconds}");
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), digest);
        return BinaryPrimitives.ReadInt64BigEndian(digest) & long.MaxValue;
    }
}
