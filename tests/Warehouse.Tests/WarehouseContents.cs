using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests;

/// <summary>Everything a warehouse holds, read through its tables and views by somebody else than the code under test.</summary>
internal sealed record WarehouseContents(
    IReadOnlyList<FactRow> Facts,
    IReadOnlyList<RejectedRow> Rejected,
    IReadOnlyList<RawRow> Raw,
    IReadOnlyList<GapRow> Gaps,
    IReadOnlyList<CoverageRow> Coverage,
    IReadOnlyList<SymbolVersion> Versions,
    IReadOnlyList<PositionRow> Positions,
    int Changes,
    int VersionsEverBelieved)
{
    public IEnumerable<GapRow> OpenGaps => Gaps.Where(gap => gap.State == "OPEN");

    /// <summary>All rows as lines: two warehouses hold the same when these are equal.</summary>
    public override string ToString() => string.Join(
        '\n',
        [
            .. Facts.Select(row => row.ToString()), .. Rejected.Select(row => row.ToString()), .. Raw.Select(row => row.ToString()),
            .. Gaps.Select(row => row.ToString()), .. Coverage.Select(row => row.ToString()),
            .. Versions.Select(version => $"{version.Key} {version.ValidFrom} {version.ValidTo} {version.ChangeHash}"),
            .. Positions.Select(row => row.ToString()), $"{Changes} changes, {VersionsEverBelieved} versions ever",
        ]);
}

internal sealed record FactRow(
    string Ticker, long TradeId, long SymbolKey, Timestamp TradeTime, Price Price, Quantity Quantity, Amount? Amount,
    AggressorSide Aggressor, IngestSource Source, QualityFlags Flags);

internal sealed record RejectedRow(string? Ticker, long? TradeId, string Reason, string Detail, string ContentHex);

internal sealed record RawRow(string Topic, int Partition, long Offset, string Content);

internal sealed record GapRow(string Ticker, IdRange Ids, string State, Timestamp Found, Timestamp? Closed);

internal sealed record CoverageRow(string Ticker, IdRange Ids, string State = "STORED");

internal sealed record PositionRow(LogPartition Partition, long Next, long Records, long Stored, long Duplicates, long Rejected);
