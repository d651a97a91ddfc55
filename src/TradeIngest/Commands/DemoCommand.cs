using System.CommandLine;
using System.Globalization;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class DemoCommand
{
    private const string DefaultRate = "2000";

    private const string SampleSql =
        """
        SELECT trade_time, ticker, price, quantity, total_amount_usd, aggressor_side, sector, risk_level, trade_id
        FROM CONSUMPTION_TRADES WHERE fact_id IN (SELECT fact_id FROM FACT_TRADES ORDER BY trade_time DESC LIMIT 10) ORDER BY trade_time
        """;

    public static Command Create()
    {
        var duration = new Option<string>("--for")
        {
            Description = "How long trades happen: 15, 15s, 2m. Default: 15s",
            HelpName = "TIME",
            DefaultValueFactory = _ => "15s",
        };
        var trades = CommonOptions.OptionalNumber("--trades", "Exactly this number of trades instead.", 1, long.MaxValue);
        var symbols = CommonOptions.Symbols($"Tickers to trade. Default: {DemoPlan.DefaultSymbols}");
        var rate = CommonOptions.Rate(DefaultRate);
        var seed = CommonOptions.Seed();
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "demo",
            """
            The whole job in one process, nothing to install: a simulated exchange, live capture, the log, the warehouse,
            a change of reference data, and a check of every row.

            Examples:
              trade-ingest demo
              trade-ingest demo --trades 200000 --rate max --data ./speed
            """)
        {
            duration, trades, symbols, rate, seed, data, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var plan = new DemoPlan(
                parsed.GetValue(seed),
                CommonOptions.Listed(parsed.GetValue(symbols) ?? DemoPlan.DefaultSymbols),
                CommonOptions.ParseRate(parsed.GetValue(rate)!),
                CommonOptions.ParseDuration("--for", parsed.GetValue(duration)!),
                parsed.GetValue(trades));
            var options = ServiceConfiguration.Read(
                ("Data", parsed.GetValue(data)), ("Log:Kind", nameof(LogKind.Embedded)),
                ("Warehouse:Target", nameof(WarehouseTarget.Embedded)));
            return RunAsync(plan, options, parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(DemoPlan plan, ServiceOptions options, bool json, CancellationToken cancellationToken)
    {
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Error);
        var folder = new DataFolder(options.Data);
        var started = TimeProvider.System.GetTimestamp();
        RunReport report;
        (string Ticker, TradeModel.Times.Timestamp ValidFrom)? change;
        TimeSpan? firstStored = null;
        await using (var run = await StartAsync(folder, plan, options, loggers, cancellationToken))
        {
            void NoteFirst()
            {
                if (firstStored is null && run.Metrics.Sink.Stored.Value > 0) firstStored = TimeProvider.System.GetElapsedTime(started);
            }

            if (json) await run.CompleteAsync(NoteFirst, cancellationToken);
            else await new DemoView(run, plan).ShowAsync(NoteFirst, cancellationToken);
            report = new RunReporter(run.Service, TimeProvider.System).Read();
            change = run.Change;
        }

        var results = json
            ? VerifyCommand.Audit(options, null, AuditScope.Full, cancellationToken)
            : VerifyCommand.AuditWithProgress(options, AuditScope.Full, cancellationToken);
        var passed = results.All(result => result.Passed);
        if (json) WriteJson(folder, report, firstStored, results, passed);
        else Write(folder, report, firstStored, change, results, passed);
        return passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static async Task<DemoRun> StartAsync(
        DataFolder folder, DemoPlan plan, ServiceOptions options, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        try
        {
            return await DemoRun.StartAsync(folder, plan, options, TimeProvider.System, loggers, cancellationToken);
        }
        catch (InvalidDataException failure)
        {
            throw new ConfigurationException($"{failure.Message} Choose another folder with --data.", failure);
        }
    }

    private static void WriteJson(
        DataFolder folder, RunReport report, TimeSpan? firstStored, IReadOnlyList<AuditResult> results, bool passed)
    {
        using var database = SqliteDatabase.OpenForReading(folder.Warehouse);
        Output.Json(new
        {
            passed,
            data = folder.Shown,
            first_stored_ms = firstStored?.TotalMilliseconds,
            capture = report,
            warehouse = WarehouseTotals.Read(database),
            checks = results,
        });
    }

    private static void Write(
        DataFolder folder, RunReport report, TimeSpan? firstStored, (string Ticker, TradeModel.Times.Timestamp ValidFrom)? change,
        IReadOnlyList<AuditResult> results, bool passed)
    {
        var console = Output.People();
        using var database = SqliteDatabase.OpenForReading(folder.Warehouse);
        var totals = WarehouseTotals.Read(database);
        console.MarkupLine("\n[bold]CONSUMPTION_TRADES[/]");
        Query(database, SampleSql);
        if (change is { } changed)
        {
            console.MarkupLine($"\n[bold]DIM_SYMBOL[/]: the history of {changed.Ticker}, whose risk level changed half way");
            Query(
                database,
                $"""
                SELECT d.ticker, d.sector, d.risk_level, d.valid_from, d.valid_to, d.is_current, d.symbol_key,
                       (SELECT count(*) FROM FACT_TRADES f WHERE f.symbol_key = d.symbol_key) AS facts
                FROM DIM_SYMBOL AS d WHERE d.ticker = '{changed.Ticker}' ORDER BY d.valid_from
                """);
        }

        console.MarkupLine("\n[bold]verify[/]");
        VerifyCommand.Write(results);
        var verdict = passed ? "[green]every check passed[/]" : "[red]a check failed[/]";
        console.MarkupLine($"{verdict}: {Output.Count(totals.Facts)} trades worth {totals.Amount} USD in {Markup.Escape(folder.Shown)}");
        console.MarkupLine(
            $"latency from the exchange's event to a committed row: p50 {Output.Duration(report.P50 ?? 0)}, p99 "
            + $"{Output.Duration(report.P99 ?? 0)}; first row after "
            + $"{firstStored?.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) ?? "-"} s");
        console.MarkupLine("[grey]next: trade-ingest query \"SELECT * FROM CONSUMPTION_TRADES LIMIT 10\", trade-ingest status[/]");
    }

    private static void Query(SqliteDatabase database, string sql)
    {
        using var query = SqliteQuery.Prepare(database, sql);
        QueryCommand.WriteTable(query);
    }
}
