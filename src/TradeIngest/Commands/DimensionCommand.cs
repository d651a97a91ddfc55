using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Commands;

/// <summary>The history of symbols: a file per verb.</summary>
internal static partial class DimensionCommand
{
    public static Command Create() => new(
        "dimension",
        """
        Shows and mends the history of symbols.

        Examples:
          trade-ingest dimension history BTCUSDT
          trade-ingest dimension as-known-at 2026-03-01T00:00:00Z
          trade-ingest dimension apply changes.jsonl
        """)
    {
        History(), AsKnownAt(), Rebuild(), Apply(),
    };

    private static SqliteDatabase Open(string? data, CancellationToken cancellationToken) =>
        SqliteDatabase.OpenForReading(new DataFolder(ServiceConfiguration.ReadForFolder(("Data", data)).Data).Warehouse, cancellationToken);

    private static Timestamp TimeOf(string text) => Timestamp.TryParse(text, out var time)
        ? time
        : throw new ConfigurationException($"'{text}' is not {Timestamp.Forms}.");

    private sealed record VersionRow(
        string Ticker, long SymbolKey, string ValidFrom, string ValidTo, bool IsCurrent, bool IsDeleted, bool IsInferred,
        string RecordedFrom, string RecordedTo, IReadOnlyDictionary<string, string?> Attributes)
    {
        public static VersionRow Of(RecordedVersion row) => new(
            row.Version.Key.Ticker, row.Version.SymbolKey, row.Version.ValidFrom.ToString(), row.Version.ValidTo.ToString(),
            row.Version.IsCurrent, row.Version.IsDeleted, row.Version.IsInferred, row.RecordedFrom.ToString(), row.RecordedTo.ToString(),
            SymbolAttributes.All.ToDictionary(
                attribute => attribute.Column(), attribute => row.Version[attribute], StringComparer.Ordinal));
    }
}
