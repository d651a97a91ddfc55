using System.CommandLine;
using Crypto.TradeIngest.Commands.Checks;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class CheckCommand
{
    public static Command Create()
    {
        var target = new Option<string?>("--target")
        {
            Description = "Check this warehouse alone, regardless of the configuration.",
            HelpName = "snowflake",
        };
        target.AcceptOnlyFromAmong("snowflake");
        var ws = new Option<string?>("--ws") { Description = "Base of the exchange's streams, as for run.", HelpName = "URL" };
        var rest = new Option<string?>("--rest") { Description = "Base of the exchange's REST calls, as for run.", HelpName = "URL" };
        var symbols = CommonOptions.Symbols("Tickers to capture, as for run.");
        var role = new Option<string[]>("--role")
        {
            Description = "What the process is to do, as for run. May be repeated. Default: all",
            HelpName = "ROLE",
        };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "check",
            """
            Looks whether run can work, and says what to do about each failure. Three tiers: the configuration (each option), the
            topology (do roles, log, target and ports fit together), the environment (can the exchange, the disk, Kafka and Snowflake be
            reached and used). Stores nothing.
            Exit code 0 when all is well, 1 when a check failed, 2 when the configuration is faulty.

            Examples:
              trade-ingest check
              trade-ingest check --role sink --json
              trade-ingest check --target snowflake
            """)
        {
            target, ws, rest, symbols, role, data, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var onlySnowflake = parsed.GetValue(target) is not null;
            var configured = ServiceConfiguration.ReadWithOrigins(
                ("Data", parsed.GetValue(data)), ("Exchange:WebSocket", parsed.GetValue(ws)), ("Exchange:Rest", parsed.GetValue(rest)),
                ("Exchange:Symbols", parsed.GetValue(symbols)),
                ("Warehouse:Target", onlySnowflake ? nameof(WarehouseTarget.Snowflake) : null));
            var roles = RoleNames.Parse(parsed.GetValue(role) ?? []);
            return CommandLine.LeavingAsync(
                token => RunAsync(configured, roles, onlySnowflake, parsed.GetValue(json), token), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        ConfiguredOptions<ServiceOptions> configured, Role roles, bool onlySnowflake, bool json, CancellationToken cancellationToken)
    {
        var set = configured.Origins.Count;
        List<Check> checks = [Check.Pass(CheckTier.Configuration, "options", $"{set} set, the others at their defaults; see trade-ingest "
            + "config show")];
        checks.AddRange(
            onlySnowflake
                ? await StoreChecks.SnowflakeAsync(configured.Options.Snowflake, Step, cancellationToken)
                : await AllAsync(configured, roles, cancellationToken));
        var results = checks.OrderBy(check => check.Tier)
            .Select(check => check with { Detail = Secrets.Mask(check.Detail), Advice = Secrets.Mask(check.Advice) })
            .ToList();
        var passed = results.TrueForAll(check => check.Passed);
        if (json)
        {
            var lines = results.Select(
                check => new { Tier = check.Tier.ToString().ToLowerInvariant(), check.Name, check.Passed, check.Detail, check.Advice });
            Output.Json(new { passed, checks = lines });
        }
        else Write(results);

        return passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static async Task<IReadOnlyList<Check>> AllAsync(
        ConfiguredOptions<ServiceOptions> configured, Role roles, CancellationToken cancellationToken)
    {
        var (options, folder) = (configured.Options, new DataFolder(configured.Options.Data));
        List<Check> checks =
        [
            .. await TopologyChecks.RunAsync(configured, roles, folder, cancellationToken),
            .. DiskChecks.Run(options, folder),
        ];
        if (roles != Role.Sink)
        {
            Step("the exchange");
            checks.AddRange(await ExchangeChecks.RunAsync(options.Exchange, roles, TimeProvider.System, cancellationToken));
        }

        if (options.Log.Kind == LogKind.Kafka)
        {
            Step("Kafka");
            checks.AddRange(await StoreChecks.KafkaAsync(options, cancellationToken));
        }

        if (options.Warehouse.Target == WarehouseTarget.Snowflake && roles.HasFlag(Role.Sink))
        {
            checks.AddRange(await StoreChecks.SnowflakeAsync(options.Snowflake, Step, cancellationToken));
        }

        return checks;
    }

    private static void Step(string what) => Console.Error.WriteLine($"checking {what}");

    private static void Write(IReadOnlyList<Check> checks)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("tier", "check", "", "found");
        foreach (var check in checks)
        {
            var verdict = check.Passed ? "[green]ok[/]" : "[red]FAIL[/]";
            var advice = check.Passed ? "" : $"\n[bold]do:[/] {Markup.Escape(check.Advice)}";
            table.AddRow(
                check.Tier.ToString().ToLowerInvariant(), Markup.Escape(check.Name), verdict, Markup.Escape(check.Detail) + advice);
        }

        Output.People().Write(table);
    }
}
