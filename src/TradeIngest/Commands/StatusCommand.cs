using System.CommandLine;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class StatusCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "status",
            """
            Shows what is captured and what is missing: per symbol the coverage and the open gaps with their id ranges,
            and the lag behind the log. With a Kafka log the brokers are asked where it ends (exit code 3 when they do not answer).

            Examples:
              trade-ingest status
              trade-ingest status --json
              CRYPTO__Log__Kind=Kafka CRYPTO__Kafka__BootstrapServers=broker:9092 trade-ingest status
            """)
        {
            data, json,
        };
        command.SetAction((parsed, cancellationToken) => CommandLine.LeavingAsync(
            token => RunAsync(parsed.GetValue(data), parsed.GetValue(json), token), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? data, bool json, CancellationToken cancellationToken)
    {
        var options = ServiceConfiguration.Read(("Data", data));
        var folder = new DataFolder(options.Data);
        if (options.Warehouse.Target == WarehouseTarget.Snowflake) return await RunAsync(options, folder, json, cancellationToken);
        using var warehouse = SqliteDatabase.OpenForReading(folder.Warehouse, cancellationToken);
        var symbols = SqliteReads.Coverage(warehouse).Where(symbol => !symbol.Captured.IsEmpty).Select(SymbolStatus.Of).ToList();
        var totals = WarehouseTotals.Read(warehouse);
        var positions = await LogStatus.ReadAsync(SqliteReads.Positions(warehouse), options, folder, cancellationToken);
        if (json) Output.Json(new { data = folder.Shown, totals, symbols, log = positions, lag = positions.Sum(position => position.Lag) });
        else Write(folder.Shown, totals, symbols, positions);
        return ExitCode.Ok;
    }

    private static async Task<int> RunAsync(ServiceOptions options, DataFolder folder, bool json, CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        using var keys = options.Snowflake.NewKeys(clock);
        await using var sql = options.Snowflake.NewSql(keys, options.Snowflake.TransformerRole, clock, BackoffOptions.Attended);
        var totals = await WarehouseTotals.ReadAsync(sql, cancellationToken);
        await using var warehouse = await Stores.OpenSnowflakeAsync(
            options, clock, NullLogger<SnowflakeWarehouse>.Instance, cancellationToken);
        var coverage = await warehouse.CoverageAsync(cancellationToken);
        var symbols = coverage.Where(symbol => !symbol.Captured.IsEmpty).Select(SymbolStatus.Of).ToList();
        var positions = await LogStatus.ReadAsync(
            [.. await warehouse.PositionsAsync(cancellationToken)], options, folder, cancellationToken);
        var name = $"{options.Snowflake.Account}/{options.Snowflake.Database}.{options.Snowflake.Schema}";
        if (json) Output.Json(
            new { data = folder.Shown, warehouse = name, totals, symbols, log = positions, lag = positions.Sum(position => position.Lag) });
        else Write(name, totals, symbols, positions);
        return ExitCode.Ok;
    }

    private static void Write(string name, WarehouseTotals totals, List<SymbolStatus> symbols, IReadOnlyList<LogStatus> positions)
    {
        var console = Output.People();
        var counts = $"{Output.Count(totals.Facts)} trades, {Output.Count(totals.Rejected)} rejected{Letters(totals)}, {totals.Amount} USD";
        var span = totals.FirstTradeTime is { } first ? $", {first} to {totals.LastTradeTime}" : "";
        console.MarkupLineInterpolated($"[bold]{name}[/]: {counts}{span}");
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            "symbol", "trades", "coverage", "open gaps", "missing", "quarantined", "rejected");
        foreach (var column in new[] { 1, 4, 5, 6 }) table.Columns[column].RightAligned();
        foreach (var symbol in symbols)
        {
            table.AddRow(
                Markup.Escape(symbol.Symbol), Output.Count(symbol.Ids), Ranges(symbol.Coverage),
                symbol.OpenGaps.Count == 0 ? "[green]none[/]" : $"[yellow]{Ranges([.. symbol.OpenGaps.Select(RangeStatus.Of)])}[/]",
                Output.Count(symbol.Missing), Output.Count(symbol.Quarantined), Output.Count(symbol.Rejected));
        }

        console.Write(table);
        foreach (var position in positions)
        {
            var (records, loaded) = (Output.Count(position.NextOffset), Output.Count(position.Position));
            console.WriteLine(
                $"{position.Topic}/{position.Partition}: {records} records, loaded up to {loaded}, lag {Output.Count(position.Lag)}");
        }

        if (!positions.Any(position => position.Topic == Topics.StockTrades)) console.MarkupLine("[grey]the log is empty[/]");
        else if (positions.Count > 1) console.WriteLine($"lag in total {Output.Count(positions.Sum(position => position.Lag))}");
    }

    private static string Letters(WarehouseTotals totals) => totals.DeadLetters + totals.Summarized == 0
        ? ""
        : $" ({Output.Count(totals.DeadLetters)} dead letters, {Output.Count(totals.Summarized)} more in summaries)";

    private static string Ranges(IReadOnlyList<RangeStatus> ranges)
    {
        const int Shown = 4;
        var text = string.Join(" ", ranges.Take(Shown).Select(range => $"[[{range.FromId}, {range.ToId}]]"));
        return ranges.Count > Shown ? $"{text} and {ranges.Count - Shown} more" : text;
    }

    private sealed record RangeStatus(long FromId, long ToId)
    {
        public static RangeStatus Of(GapStatus gap) => new(gap.FromId, gap.ToId);
    }

    private sealed record GapStatus(long FromId, long ToId, long Count, string Found);

    private sealed record SymbolStatus(
        string Symbol, long Ids, IReadOnlyList<RangeStatus> Coverage, IReadOnlyList<GapStatus> OpenGaps, long Missing, long Rejected,
        long Quarantined)
    {
        public static SymbolStatus Of(SymbolCoverage coverage) => new(
            coverage.Key.Ticker,
            coverage.Count(CoverageState.Stored),
            [.. coverage.Covered.Select(range => new RangeStatus(range.From, range.To))],
            [.. coverage.OpenGaps.Select(gap => new GapStatus(gap.Ids.From, gap.Ids.To, gap.Ids.Count, gap.Found.ToString()))],
            coverage.OpenGaps.Sum(gap => gap.Ids.Count),
            coverage.Count(CoverageState.Rejected),
            coverage.Count(CoverageState.Quarantined));
    }
}
