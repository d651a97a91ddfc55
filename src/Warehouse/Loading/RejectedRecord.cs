using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Loading;

/// <summary>A record that is no trade, bound for <c>REJECTED_TRADES</c> with its reason and bytes.</summary>
/// <param name="Detail">What exactly is wrong, for a person; may be empty.</param>
/// <param name="Identity">Equal for the same rejection read again, as when a file is replayed; null when each one counts.</param>
public sealed record RejectedRecord(
    long Offset, ErrorReason Reason, string Detail, Timestamp ReceivedTime, ReadOnlyMemory<byte> Payload, string? Identity = null);
