using System.CommandLine;
using Crypto.TradeIngest.Commands.Queries;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Commands;

internal static class QueryCommand
{
    public static Command Create()
    {
        var sql = new Argument<string>("SQL") { Description = "One SELECT statement." };
        var format = new Option<QueryFormat?>("--format")
        {
            Description = "table, json, ndjson (an object per line) or csv. Default: table",
            HelpName = "F",
        };
        var output = new Option<string?>("--output")
        {
            Description = "A new file for the rows, in place of standard output. It is there when all of them are.",
            HelpName = "FILE",
        };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "query",
            """
            Runs one statement over the warehouse, also while it is written. It may read and do nothing else. Rows are written as they are
            read, however many there are. exact_sum(x) adds scaled integers without rounding.

            Examples:
              trade-ingest query "SELECT * FROM CONSUMPTION_TRADES ORDER BY trade_time DESC LIMIT 10"
              trade-ingest query "SELECT exact_sum(total_amount_usd) AS usd FROM FACT_TRADES" --json
              trade-ingest query "SELECT * FROM CONSUMPTION_TRADES" --format csv --output trades.csv
            """)
        {
            sql, format, output, data, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var chosen = (parsed.GetValue(format), parsed.GetValue(json)) switch
            {
                (null, true) or (QueryFormat.Json, _) => QueryFormat.Json,
                ({ } other, false) => other,
                (null, false) => QueryFormat.Table,
                _ => throw new ConfigurationException("--json is --format json; give one of the two."),
            };
            return CommandLine.LeavingAsync(
                token => RunAsync(parsed.GetValue(sql)!, parsed.GetValue(data), chosen, parsed.GetValue(output), token), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(string sql, string? data, QueryFormat format, string? path, CancellationToken cancellationToken)
    {
        var options = ServiceConfiguration.Read(("Data", data));
        using var output = QueryOutput.Open(path);
        using var progress = new ProgressLine("rows", inLogs: false);
        if (options.Warehouse.Target == WarehouseTarget.Snowflake)
        {
            Write(await SnowflakeQuery.ReadAsync(sql, options.Snowflake, cancellationToken), format, output, progress, cancellationToken);
            return ExitCode.Ok;
        }

        using var database = SqliteDatabase.OpenForReading(new DataFolder(options.Data).Warehouse, cancellationToken);
        using var query = SqliteQuery.Prepare(database, sql);
        Write(new QueryRows(query.Columns, RowsOf(query)), format, output, progress, cancellationToken);
        return ExitCode.Ok;
    }

    public static void WriteTable(SqliteQuery query)
    {
        using var output = QueryOutput.Open(path: null);
        using var progress = new ProgressLine("rows", inLogs: false);
        Write(new QueryRows(query.Columns, RowsOf(query)), QueryFormat.Table, output, progress, CancellationToken.None);
    }

    private static IEnumerable<object?[]> RowsOf(SqliteQuery query)
    {
        while (query.Step())
        {
            var row = new object?[query.Columns.Count];
            for (var i = 0; i < row.Length; i++) row[i] = query.Value(i);
            yield return row;
        }
    }

    private static void Write(
        QueryRows result, QueryFormat format, QueryOutput output, ProgressLine progress, CancellationToken cancellationToken)
    {
        long rows = 0;
        try
        {
            var width = output.IsTerminal ? Output.People().Profile.Width : TableRowWriter.LongestLine;
            using (var writer = RowWriter.Create(format, result.Columns, output.Stream, width))
            {
                foreach (var row in result.Rows)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (rows++ == 0 && output.IsTerminal) progress.Dispose();
                    writer.Write(row);
                    progress.Report(rows);
                }

                progress.Dispose();
                writer.Complete();
            }

            output.Complete();
        }
        catch (IOException failure)
        {
            if (output.FailureOf(failure) is { } fault) throw fault;
        }
        catch when (rows > 0)
        {
            progress.Dispose();
            CommandLine.WriteError(output.Path is null
                ? $"the output ends within row {Output.Count(rows)} and is not complete"
                : $"'{output.Path}' was not written; {Output.Count(rows)} rows had been read");
            throw;
        }
    }
}
