using System.CommandLine;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
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
        var symbols = await SymbolsAsync(SqliteReads.Coverage(warehouse), (symbol, ids) =>
            Task.FromResult(SqliteReads.TradeTimes(warehouse, symbol.SymbolId, ids)));
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
        var symbols = await SymbolsAsync(coverage, async (symbol, ids) =>
            (await warehouse.ContentsAsync(TradesOf(symbol.Key.Ticker, ids), cancellationToken)).ToDictionary(
                content => content.Key.TradeId, content => content.Value.TradeTime));
        var positions = await LogStatus.ReadAsync(
            [.. await warehouse.PositionsAsync(cancellationToken)], options, folder, cancellationToken);
        var name = $"{options.Snowflake.Account}/{options.Snowflake.Database}.{options.Snowflake.Schema}";
        if (json) Output.Json(
            new { data = folder.Shown, warehouse = name, totals, symbols, log = positions, lag = positions.Sum(position => position.Lag) });
        else Write(name, totals, symbols, positions);
        return ExitCode.Ok;
    }

    private static async Task<List<SymbolStatus>> SymbolsAsync(IEnumerable<SymbolCoverage> coverage, TradeTimes times)
    {
        var symbols = new List<SymbolStatus>();
        foreach (var symbol in coverage)
        {
            if (!symbol.Captured.IsEmpty) symbols.Add(await SymbolStatus.OfAsync(symbol, times));
        }

        return symbols;
    }

    // Found by symbol and id.
    private static Trade[] TradesOf(string ticker, IEnumerable<long> ids)
    {
        var symbol = new SymbolTable().Intern(ticker);
        return [.. ids.Select(id => default(Trade) with { Symbol = symbol, TradeId = id })];
    }

    private static void Write(string name, WarehouseTotals totals, List<SymbolStatus> symbols, IReadOnlyList<LogStatus> positions)
    {
        var console = Output.People();
        var counts = $"{Output.Count(totals.Facts)} trades, {Output.Count(totals.Rejected)} rejected{Letters(totals)}, {totals.Amount} USD";
        var span = totals.FirstTradeTime is { } first ? $", {first} to {totals.LastTradeTime}" : "";
        console.MarkupLineInterpolated($"[bold]{name}[/]: {counts}{span}");
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            "symbol", "trades", "coverage", "open gaps", "missing", "quarantined", "rejected", "holes");
        foreach (var column in new[] { 1, 4, 5, 6, 7 }) table.Columns[column].RightAligned();
        foreach (var symbol in symbols)
        {
            List<RangeStatus> gaps = [.. symbol.OpenGaps.Select(gap => new RangeStatus(gap.FromId, gap.ToId))];
            table.AddRow(
                Markup.Escape(symbol.Symbol), Output.Count(symbol.Ids), Ranges(symbol.Coverage),
                gaps.Count == 0 ? "[green]none[/]" : $"[yellow]{Ranges(gaps)}[/]",
                Output.Count(symbol.Missing), Output.Count(symbol.Quarantined), Output.Count(symbol.Rejected),
                Output.Count(symbol.ExchangeHoles));
        }

        console.Write(table);
        WriteGaps(console, symbols);
        foreach (var position in positions)
        {
            var (records, loaded) = (Output.Count(position.NextOffset), Output.Count(position.Position));
            console.WriteLine(
                $"{position.Topic}/{position.Partition}: {records} records, loaded up to {loaded}, lag {Output.Count(position.Lag)}");
        }

        if (!positions.Any(position => position.Topic == Topics.StockTrades)) console.MarkupLine("[grey]the log is empty[/]");
        else if (positions.Count > 1) console.WriteLine($"lag in total {Output.Count(positions.Sum(position => position.Lag))}");
    }

    private static void WriteGaps(IAnsiConsole console, List<SymbolStatus> symbols)
    {
        const int Shown = 10;
        var gaps = symbols
            .SelectMany(symbol => symbol.OpenGaps, (symbol, gap) => (symbol.Symbol, Gap: gap, IsLost: gap.State != GapState.Open.Name()))
            .OrderByDescending(row => row.IsLost).ToList();
        foreach (var (symbol, gap, isLost) in gaps.Take(Shown))
        {
            var state = isLost ? "is out of reach; to close it" : "is fetched by a running service; else";
            var archives = gap.Archives.Count == 0 ? "" : $" (archive {gap.Archives[0]}{(gap.ArchiveDays > 1 ? " and later" : "")})";
            console.WriteLine($"{symbol} [{gap.FromId}, {gap.ToId}] {state}: {gap.Command}{archives}");
        }

        if (gaps.Count > Shown) console.WriteLine($"{Output.Count(gaps.Count - Shown)} more gaps: status --json lists them");
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
}
