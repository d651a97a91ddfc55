using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// One row of the bi-temporal dimension: a version, and the time in which we believed it. Valid time is about the world, recorded
/// time about our knowledge; both are half-open.
/// </summary>
public sealed record RecordedVersion(SymbolVersion Version, Timestamp RecordedFrom, Timestamp RecordedTo)
{
    /// <summary>Whether it is believed now.</summary>
    public bool IsCurrent => RecordedTo == Timestamp.EndOfTime;

    public bool WasCurrentAt(Timestamp time) => RecordedFrom <= time && time < RecordedTo;
}
