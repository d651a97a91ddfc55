using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Log;

/// <summary>A run of records of one partition.</summary>
/// <param name="Partition">Which.</param>
/// <param name="FromOffset">Where the reader stood.</param>
/// <param name="NextOffset">Where it stands afterwards; more than the last offset plus one where offsets skip.</param>
/// <param name="Records">In offset order.</param>
internal sealed record ConsumedBatch(int Partition, long FromOffset, long NextOffset, ReadOnlyMemory<RawRecord> Records)
{
    /// <summary>Bytes of values from which on no further record is added: 8 MiB, some 32,768 trades.</summary>
    public const int MaxBytes = 8 << 20;
}
