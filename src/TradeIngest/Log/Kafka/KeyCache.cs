namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// The few thousand symbols as arrays, since the client takes keys as arrays: direct-mapped, a newer key of the same slot replaces
/// the older one. One caller at a time.
/// </summary>
internal sealed class KeyCache
{
    private readonly byte[]?[] _slots = new byte[]?[4096];

    public byte[] Of(ReadOnlySpan<byte> key)
    {
        ref var slot = ref _slots[Partitioner.Murmur2(key) % (uint)_slots.Length];
        if (slot is null || !key.SequenceEqual(slot)) slot = key.ToArray();
        return slot;
    }
}
