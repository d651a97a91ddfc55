using System.CommandLine;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static partial class DimensionCommand
{
    private static Command AsKnownAt()
    {
        var time = new Argument<string>("TIME") { Description = $"{char.ToUpperInvariant(Timestamp.Forms[0])}{Timestamp.Forms[1..]}." };
        var valid = new Option<string?>("--valid-at")
        {
            Description = "Only what was then known to hold at this instant.",
            HelpName = "TIME",
        };
        var ticker = new Option<string?>("--ticker") { Description = "Only this symbol.", HelpName = "TICKER" };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command("as-known-at", "The dimension as it was believed at an instant.") { time, valid, ticker, data, json };
        command.SetAction((parsed, stop) => CommandLine.LeavingAsync(
            token =>
            {
                var known = TimeOf(parsed.GetValue(time)!);
                var at = parsed.GetValue(valid) is { } text ? TimeOf(text) : (Timestamp?)null;
                var only = parsed.GetValue(ticker);
                using var database = Open(parsed.GetValue(data), token);
                var rows = SqliteReads.VersionsKnownAt(database, known)
                    .Where(row => at is null || (row.Version.ValidFrom <= at && at < row.Version.ValidTo))
                    .Where(row => only is null || row.Version.Key.Ticker.Equals(only, StringComparison.OrdinalIgnoreCase))
                    .ToList();
                if (parsed.GetValue(json)) Output.Json(rows.Select(VersionRow.Of));
                else WriteRows(rows);
                return Task.FromResult(ExitCode.Ok);
            },
            stop));
        return command;
    }

    private static void WriteRows(IReadOnlyList<RecordedVersion> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("ticker", "valid from", "valid to");
        foreach (var attribute in SymbolAttributes.All) table.AddColumn(attribute.Column());
        table.AddColumns("flags", "recorded from");
        foreach (var row in rows)
        {
            var version = row.Version;
            table.AddRow(
            [
                Markup.Escape(version.Key.Ticker), version.ValidFrom.ToString(), version.ValidTo.ToString(),
                .. SymbolAttributes.All.Select(attribute => Markup.Escape(version[attribute] ?? "")),
                Flags(version), row.RecordedFrom.ToString(),
            ]);
        }

        Output.People().Write(table);
    }

    private static string Flags(SymbolVersion version) => (version.IsDeleted, version.IsInferred) switch
    {
        (true, true) => "deleted inferred",
        (true, false) => "deleted",
        (false, true) => "inferred",
        _ => "",
    };
}
