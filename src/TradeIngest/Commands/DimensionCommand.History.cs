using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static partial class DimensionCommand
{
    private static Command History()
    {
        var ticker = new Argument<string>("TICKER") { Description = "The symbol." };
        var all = new Option<bool>("--all") { Description = "Also what is superseded." };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command("history", "The versions of a symbol as a timeline, and the changes that lost against others.")
        {
            ticker, all, data, json,
        };
        command.SetAction((parsed, stop) => CommandLine.LeavingAsync(
            token =>
            {
                var key = new NaturalKey(Exchange.Binance, parsed.GetValue(ticker)!.ToUpperInvariant());
                using var database = Open(parsed.GetValue(data), token);
                var rows = SqliteReads.VersionsOf(database, key).Where(row => parsed.GetValue(all) || row.IsCurrent).ToList();
                if (rows.Count == 0) throw Unknown(key);
                var conflicts = SqliteReads.Conflicts(database, key);
                if (parsed.GetValue(json)) Output.Json(new { ticker = key.Ticker, versions = rows.Select(VersionRow.Of), conflicts });
                else WriteTimeline(key, rows, conflicts);
                return Task.FromResult(ExitCode.Ok);
            },
            stop));
        return command;
    }

    private static ConfigurationException Unknown(NaturalKey key) => new(
        $"No symbol '{key.Ticker}' is known. See: trade-ingest query \"SELECT DISTINCT ticker FROM DIM_SYMBOL\"");

    private static void WriteTimeline(NaturalKey key, IReadOnlyList<RecordedVersion> rows, IReadOnlyList<ConflictRow> conflicts)
    {
        var console = Output.People();
        var tree = new Tree($"[bold]{Markup.Escape(key.ToString())}[/]");
        SymbolVersion? previous = null;
        foreach (var row in rows)
        {
            var version = row.Version;
            var to = version.IsCurrent ? "now" : version.ValidTo.ToString();
            var flags = string.Concat(
                version.IsDeleted ? " [red]deleted[/]" : "",
                version.IsInferred ? " [yellow]inferred[/]" : "",
                row.IsCurrent ? "" : " [grey]no longer current[/]");
            var recorded = $"[grey]key {version.SymbolKey}, recorded {row.RecordedFrom}[/]";
            var node = tree.AddNode($"[green]{version.ValidFrom}[/] to [green]{to}[/]{flags} {recorded}");
            var before = previous;
            foreach (var attribute in SymbolAttributes.All.Where(attribute => version[attribute] != before?[attribute]))
            {
                var was = before?[attribute] is { } old ? $" [grey](was {Markup.Escape(old)})[/]" : "";
                node.AddNode($"{attribute.Column()}: {Markup.Escape(version[attribute] ?? "none")}{was}");
            }

            if (row.IsCurrent) previous = version;
        }

        console.Write(tree);
        foreach (var conflict in conflicts)
        {
            var lost = $"{conflict.Attribute} = {conflict.LoserValue ?? "none"} by {conflict.LoserSource} at {conflict.ValidTime}";
            var won = $"{conflict.WinnerSource ?? "nobody"} says {conflict.WinnerValue ?? "none"}";
            console.MarkupLineInterpolated($"[yellow]not applied[/] {lost} ({conflict.Rule}): {won}");
        }
    }
}
