using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Streams;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class SymbolsCommand
{
    public static Command Create() => new(
        "symbols",
        """
        Changes which symbols the service of a data folder captures, while it runs or before it is started. The changes are kept in the
        folder, on top of --symbols and --exclude; of several that match a symbol the last one holds.

        Examples:
          trade-ingest symbols add SOLUSDT DOGEUSDT
          trade-ingest symbols remove '*EUR'
          trade-ingest symbols list
        """)
    {
        Edit("add", isAdding: true, "Captures more symbols: tickers, or patterns such as '*USDT'."),
        Edit("remove", isAdding: false, "Captures these symbols no more: tickers, or patterns such as '*USDT'. What is stored stays."),
        List(),
    };

    private static Command Edit(string name, bool isAdding, string description)
    {
        var tickers = new Argument<string[]>("TICKER") { Description = "Tickers or patterns.", Arity = ArgumentArity.OneOrMore };
        var (data, json) = (CommonOptions.Data(), CommonOptions.Json());
        var command = new Command(name, description) { tickers, data, json };
        command.SetAction(parsed =>
        {
            var patterns = SymbolPattern.Parse(string.Join(',', parsed.GetValue(tickers)!));
            var faults = patterns.Select(SymbolPattern.FaultOf).OfType<string>().ToList();
            if (patterns.Count == 0) faults.Add("No ticker is given; name some such as BTCUSDT.");
            if (faults.Count > 0) throw ConfigurationException.Of(faults);
            var (options, folder) = Read(parsed.GetValue(data));
            if (options.Log.Kind == LogKind.Kafka) throw new ConfigurationException(
                "With a Kafka log the roles have no common folder: change Exchange:Symbols or Exchange:Exclude in each role's "
                    + $"{ConfigurationSources.FileName}, which running roles read again.");
            SymbolsFile.Edit(folder.Symbols, isAdding, patterns);
            return Write(options, folder, parsed.GetValue(json));
        });
        return command;
    }

    private static Command List()
    {
        var (data, json) = (CommonOptions.Data(), CommonOptions.Json());
        var command = new Command(
            "list", "Shows what is configured, what was added and removed since, and what the running service captures now.")
        {
            data, json,
        };
        command.SetAction(parsed =>
        {
            var (options, folder) = Read(parsed.GetValue(data));
            return Write(options, folder, parsed.GetValue(json));
        });
        return command;
    }

    private static (ServiceOptions Options, DataFolder Folder) Read(string? data)
    {
        var options = ServiceConfiguration.Read(("Data", data));
        return (options, new DataFolder(options.Data));
    }

    private static int Write(ServiceOptions options, DataFolder folder, bool json)
    {
        var edits = SymbolsFile.Read(folder.Symbols);
        var listing = new Listing(
            options.Exchange.Rules.Symbols, options.Exchange.Rules.Exclude, Of(edits, isAdded: true), Of(edits, isAdded: false),
            CapturedFile.Read(folder.Captured));
        if (json) Output.Json(listing);
        else Write(listing);
        return ExitCode.Ok;
    }

    private static void Write(Listing listing)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        table.AddRow("configured", Joined(listing.Configured));
        table.AddRow("excluded", Joined(listing.Excluded));
        table.AddRow("added", Joined(listing.Added));
        table.AddRow("removed", Joined(listing.Removed));
        table.AddRow(
            "captured now", listing.Captured is { } captured
                ? $"[green]{Output.Count(captured.Count)}[/]: {Joined(captured)}"
                : "[grey]no service runs in this folder[/]");
        Output.People().Write(table);
    }

    private static string Joined(IReadOnlyList<string> tickers) => tickers.Count == 0 ? "none" : Markup.Escape(string.Join(", ", tickers));

    private static List<string> Of(IReadOnlyList<SymbolEdit> edits, bool isAdded) =>
        [.. edits.Where(edit => edit.IsAdded == isAdded).Select(edit => edit.Pattern)];

    /// <param name="Captured">Null when no service runs.</param>
    private sealed record Listing(
        IReadOnlyList<string> Configured, IReadOnlyList<string> Excluded, IReadOnlyList<string> Added, IReadOnlyList<string> Removed,
        IReadOnlyList<string>? Captured);
}
