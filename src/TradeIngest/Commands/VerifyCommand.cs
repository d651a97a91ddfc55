using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Sqlite;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class VerifyCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick")
        {
            Description = "Reads of facts and raw records the newest only; takes no longer as the warehouse grows.",
        };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "verify",
            """
            Recomputes every invariant over the warehouse; exit code 1 when one fails. Data of a simulated exchange is
            compared with it, field by field. Over Snowflake (Warehouse:Target) it reads every fact; stop the sinks first, since
            coverage follows the rows in checkpoints.

            Examples:
              trade-ingest verify
              trade-ingest verify --quick
              trade-ingest verify --data ./recorded --json
            """)
        {
            quick, data, json,
        };
        command.SetAction((parsed, cancellationToken) => CommandLine.LeavingAsync(
            token =>
                RunAsync(parsed.GetValue(quick) ? AuditScope.Quick : AuditScope.Full, parsed.GetValue(data), parsed.GetValue(json), token),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(AuditScope scope, string? data, bool json, CancellationToken cancellationToken)
    {
        var options = ServiceConfiguration.Read(("Data", data));
        var results = options.Warehouse.Target == WarehouseTarget.Snowflake ? await AuditSnowflakeAsync(options, cancellationToken)
            : json ? Audit(options, null, scope, cancellationToken)
            : AuditWithProgress(options, scope, cancellationToken);
        if (json) Output.Json(new { passed = results.All(result => result.Passed), checks = results });
        else Write(results);
        return results.All(result => result.Passed) ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    internal static IReadOnlyList<AuditResult> Audit(
        ServiceOptions options, IProgress<long>? progress, AuditScope scope, CancellationToken cancellationToken)
    {
        var folder = new DataFolder(options.Data);
        using var database = SqliteDatabase.OpenForReading(folder.Warehouse, cancellationToken);
        var results = new SqliteAudits(database, Stores.WarehouseOptionsOf(options), OracleOf(folder), progress).Run(scope);
        return options.Log.Kind == LogKind.Embedded && File.Exists(folder.Log)
            ? [.. results, .. EmbeddedLogAudit.Run(folder.Log, SqliteReads.Positions(database), cancellationToken)]
            : results;
    }

    private static async Task<IReadOnlyList<AuditResult>> AuditSnowflakeAsync(ServiceOptions options, CancellationToken cancellationToken)
    {
        using var keys = options.Snowflake.NewKeys(TimeProvider.System);
        await using var sql = options.Snowflake.NewSql(keys, options.Snowflake.TransformerRole, TimeProvider.System);
        return await new SnowflakeAudits(
            sql, Stores.SnowflakeOptionsOf(options), OracleOf(new DataFolder(options.Data))).RunAsync(cancellationToken);
    }

    internal static IReadOnlyList<AuditResult> AuditWithProgress(
        ServiceOptions options, AuditScope scope, CancellationToken cancellationToken)
    {
        if (Console.IsOutputRedirected) return Audit(options, null, scope, cancellationToken);
        IReadOnlyList<AuditResult> results = [];
        Output.People().Status().Start("verifying", status =>
        {
            var reporter = new Reporter(count => status.Status($"verifying: {Output.Count(count)} facts read"));
            results = Audit(options, reporter, scope, cancellationToken);
        });
        return results;
    }

    internal static void Write(IReadOnlyList<AuditResult> results)
    {
        var console = Output.People();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("check", "examined", "failing", "what must hold");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        foreach (var result in results)
        {
            table.AddRow(
                result.Passed ? $"[green]ok[/]  {result.Name}" : $"[red]FAIL[/] {result.Name}",
                Output.Count(result.Examined), Output.Count(result.FailingCount), Markup.Escape(result.Description));
        }

        console.Write(table);
        foreach (var result in results.Where(result => !result.Passed))
        {
            console.MarkupLineInterpolated($"[red]{result.Name}[/]");
            foreach (var row in result.Failing) console.MarkupLineInterpolated($"  {row}");
            var more = result.FailingCount - result.Failing.Count;
            if (more > 0) console.MarkupLineInterpolated($"  and {Output.Count(more)} more");
        }
    }

    private static MarketOracle? OracleOf(DataFolder folder)
    {
        if (!File.Exists(folder.Simulation)) return null;
        try
        {
            return new MarketOracle(MarketDescription.Load(folder.Simulation));
        }
        catch (InvalidDataException failure)
        {
            throw new ConfigurationException(failure.Message, failure);
        }
    }

    // Progress<T> posts to the thread pool; here the order matters and the work is on this thread.
    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
