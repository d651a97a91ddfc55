using System.CommandLine;
using System.Globalization;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Crypto.TradeIngest.Pipelines;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class BenchCommand
{
    public static Command Create()
    {
        var trades = CommonOptions.Number("--trades", "Trades of the throughput run. Default: 1000000", 1, long.MaxValue, 1_000_000);
        var rate = CommonOptions.Rate("20000", takesMax: false);
        var seconds = CommonOptions.Number("--seconds", "Length of the latency run. Default: 20", 1, 86_400, 20);
        var symbols = CommonOptions.Symbols($"Tickers to trade. Default: {DemoPlan.DefaultSymbols}");
        var data = new Option<string?>("--data")
        {
            Description = "Keep the data in this folder. Default: a temporary one",
            HelpName = "DIR",
        };
        var json = CommonOptions.Json();
        var command = new Command(
            "bench",
            """
            Measures the whole path on this machine, from a simulated exchange's WebSocket to rows in CONSUMPTION_TRADES:
            sustained throughput, latency at a rate, then what each stage costs by itself.

            Examples:
              trade-ingest bench
              trade-ingest bench --trades 5000000 --rate 50000 --json
            """)
        {
            trades, rate, seconds, symbols, data, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var plan = new DemoPlan(
                1,
                CommonOptions.Listed(parsed.GetValue(symbols) ?? DemoPlan.DefaultSymbols),
                CommonOptions.ParseRate(parsed.GetValue(rate)!, takesMax: false),
                TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                null,
                ChangesReference: false);
            return RunAsync(plan, parsed.GetValue(trades), parsed.GetValue(data), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(DemoPlan plan, long trades, string? data, bool json, CancellationToken cancellationToken)
    {
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Error);
        var root = data ?? Directory.CreateTempSubdirectory("trade-ingest-bench-").FullName;
        try
        {
            var console = json ? null : Output.People();
            console?.MarkupLineInterpolated($"[grey]throughput: {Output.Count(trades)} trades as fast as they are taken[/]");
            var throughput = await MeasureAsync("throughput", plan with { Rate = null, Trades = trades });
            var (rate, seconds) = (Output.Count((long)plan.Rate!.Value), Output.Count((long)plan.Duration.TotalSeconds));
            console?.MarkupLineInterpolated($"[grey]latency: {rate} trades a second for {seconds} s[/]");
            var latency = await MeasureAsync("latency", plan);
            console?.MarkupLine("[grey]stages: one at a time on the same trades[/]");
            var options = ServiceConfiguration.Read(
                ("Data", Path.Combine(root, "stages")), ("Warehouse:Target", nameof(WarehouseTarget.Embedded)));
            var stages = await StageBench.MeasureAsync(new DataFolder(options.Data), plan, options, TimeProvider.System, cancellationToken);
            if (json) Output.Json(new { processors = Environment.ProcessorCount, throughput, latency, stages });
            else Write(throughput, latency, stages);
            return ExitCode.Ok;
        }
        finally
        {
            if (data is null) Directory.Delete(root, recursive: true);
        }

        Task<BenchResult> MeasureAsync(string name, DemoPlan run)
        {
            // As fast as trades are taken: the exchange is held back. At a rate it is not, and what cannot be taken is shed.
            var policy = run.Rate is null ? FullPolicy.Wait : FullPolicy.Shed;
            var options = ServiceConfiguration.Read(
                ("Data", Path.Combine(root, name)),
                ("Warehouse:Target", nameof(WarehouseTarget.Embedded)),
                ("Exchange:Channel:Policy", policy.ToString()));
            return BenchRun.MeasureAsync(new DataFolder(options.Data), run, options, loggers, cancellationToken);
        }
    }

    private static void Write(BenchResult throughput, BenchResult latency, IReadOnlyList<StageCost> stages)
    {
        var console = Output.People();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "throughput", "latency");
        table.Columns[1].RightAligned();
        table.Columns[2].RightAligned();
        Row("trades stored", result => Output.Count(result.Trades));
        Row("trades per second", result => Output.Count((long)result.TradesPerSecond));
        Row("cores used, exchange included", result => result.Cores.ToString("0.00", CultureInfo.InvariantCulture));
        Row("peak resident memory", result => $"{result.PeakResidentBytes >> 20} MB");
        Row("shed, fetched again", result => $"{Output.Count(result.Shed)}, {Output.Count(result.Backfilled)}");
        foreach (var stage in throughput.BusyShare.Keys)
        {
            Row($"busy: {stage}", result => result.BusyShare[stage].ToString("0 %", CultureInfo.InvariantCulture));
        }

        foreach (var percentile in latency.LatencyMicroseconds.Keys)
        {
            table.AddRow(
                $"event to committed row, {percentile.Replace('_', '.')}", "", Output.Duration(latency.LatencyMicroseconds[percentile]));
        }

        console.Write(table);
        var costs = new Table().Border(TableBorder.Rounded).AddColumns("stage by itself", "CPU per trade", "allocated per trade");
        costs.Columns[1].RightAligned();
        costs.Columns[2].RightAligned();
        foreach (var cost in stages)
        {
            costs.AddRow(
                cost.Stage,
                string.Create(CultureInfo.InvariantCulture, $"{cost.CpuNanoseconds:N0} ns"),
                string.Create(CultureInfo.InvariantCulture, $"{cost.AllocatedBytes:N1} B"));
        }

        console.Write(costs);

        void Row(string name, Func<BenchResult, string> value) => table.AddRow(name, value(throughput), value(latency));
    }
}
