using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Loading;

/// <summary>One record of the log as it landed.</summary>
/// <param name="Offset">Its offset; offsets rise but may skip.</param>
/// <param name="AppendedTime">When the log took it.</param>
/// <param name="Value">Its bytes. JSON where everything is well.</param>
public readonly record struct RawRecord(long Offset, Timestamp AppendedTime, ReadOnlyMemory<byte> Value);
