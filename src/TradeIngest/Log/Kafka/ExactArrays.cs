namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Confluent.Kafka takes keys and values as whole arrays, and has copied them when its call returns. So one array of each length serves
/// all records, one after the other.
/// </summary>
internal sealed class ExactArrays
{
    // Trades have some 200 bytes. At most half a megabyte is kept.
    private const int MaxLength = 1024;

    private readonly byte[]?[] _byLength = new byte[]?[MaxLength + 1];

    /// <summary>The bytes in an array of their length, valid until the next call.</summary>
    public byte[] Of(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxLength) return bytes.ToArray();
        var array = _byLength[bytes.Length] ??= new byte[bytes.Length];
        bytes.CopyTo(array);
        return array;
    }
}
