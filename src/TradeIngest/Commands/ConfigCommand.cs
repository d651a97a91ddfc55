using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class ConfigCommand
{
    public static Command Create() => new("config", "What the service is configured to do.") { Show() };

    private static Command Show()
    {
        var json = CommonOptions.Json();
        var markdown = new Option<bool>("--markdown")
        {
            Description = "Print the table of all options and their defaults, as in the README.",
        };
        var command = new Command(
            "show",
            """
            Lists every option with its value and where that comes from: the default, appsettings.json, or an environment variable. Secrets
            appear as ***. With a faulty configuration it lists the faults instead.

            Examples:
              trade-ingest config show
              trade-ingest config show --json | jq '.[] | select(.source != "default")'
            """)
        {
            json, markdown,
        };
        command.SetAction(parsed => Run(parsed.GetValue(json), parsed.GetValue(markdown)));
        return command;
    }

    private static int Run(bool json, bool markdown)
    {
        if (markdown)
        {
            Console.Out.Write(OptionTable.Markdown(typeof(ServiceOptions)));
            return ExitCode.Ok;
        }

        var rows = OptionTable.Rows(ServiceConfiguration.ReadWithOrigins());
        if (json) Output.Json(rows);
        else Write(rows);
        return ExitCode.Ok;
    }

    private static void Write(IEnumerable<OptionRow> rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("option", "value", "from", "values", "meaning");
        foreach (var row in rows)
        {
            var source = row.Source == "default" ? "default" : $"[green]{Markup.Escape(row.Source)}[/]";
            table.AddRow(
                Markup.Escape(row.Key), Markup.Escape(row.Value), source, Markup.Escape(row.Range), Markup.Escape(row.Description));
        }

        Output.People().Write(table);
    }
}
